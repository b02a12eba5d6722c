"""
How long does fit_resample take?
================================

The whole call with defaults, on random data, in two parts: four sizes that have a bound, and the
cost against rows, columns, classes and pixels, each with the slope of a straight line through the
logarithms (1 is proportional) and of its last step. ``--plot`` draws them. Seconds are wall-clock
seconds. If other processes run, quote processor seconds with one thread (``OMP_NUM_THREADS=1``).
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd

import skgan_resample

BOUNDS = {(1000, 20): 3, (10_000, 30): 15, (100_000, 50): 90, (9000, 28, 28): 240}
SWEEPS = {
    "rows": [(n, 20) for n in (1000, 3000, 10_000, 30_000, 100_000)],
    "columns": [(2000, d) for d in (5, 20, 80, 320)],
    "classes": [(4000, 20)] * 4,
    "pixels": [(500, side, side) for side in (10, 14, 20, 28)],
}
CLASSES = (2, 5, 15, 45)

parser = argparse.ArgumentParser()
parser.add_argument("--samplers", nargs="*", default=["BAGANGPSampler"])
parser.add_argument("--bounds", nargs="*", type=int, default=[0, 1, 2, 3], help="which of the four")
parser.add_argument("--sweeps", nargs="*", default=list(SWEEPS))
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--csv")
parser.add_argument("--plot")
options = parser.parse_args()


def data(shape, n_classes=2):
    """Normal rows or images of noise; half of the samples are of class 0."""
    rng = np.random.default_rng(0)
    y = np.where(rng.random(shape[0]) < 0.5, 0, rng.integers(1, n_classes, shape[0]))
    if n_classes == 2:
        y = (rng.random(shape[0]) < 0.1).astype(int)
    if len(shape) == 3:
        return rng.integers(0, 256, shape).astype(np.uint8), y
    return rng.normal(size=shape) + y[:, None] / 4, y


def seconds(name, X, y):
    """Median wall-clock and processor seconds of the call."""
    runs = []
    for _ in range(options.repeats):
        start = time.perf_counter(), time.process_time()
        getattr(skgan_resample, name)(random_state=0).fit_resample(X, y)
        runs.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return np.median(runs, axis=0)


def bounded(name):
    for shape, bound in [list(BOUNDS.items())[i] for i in options.bounds]:
        X, y = data(shape, 2 if len(shape) == 2 else 10)
        wall, cpu = seconds(name, X, y)
        size = " x ".join(map(str, shape))
        print(
            f"{name:24} {size:14} {wall:7.1f} s, {cpu:7.1f} of one core; bound {bound}", flush=True
        )
        found.append({"sampler": name, "size": size, "wall": wall, "cpu": cpu, "bound": bound})


def swept(name, what):
    points = []
    for i, shape in enumerate(SWEEPS[what]):
        n_classes = CLASSES[i] if what == "classes" else 2
        X, y = data(shape, n_classes)
        wall, cpu = seconds(name, X, y)
        x = {"rows": shape[0], "columns": shape[1], "classes": n_classes}
        x["pixels"] = shape[1] ** 2
        points.append((x[what], cpu))
        row = {"sampler": name, "sweep": what, "size": x[what], "wall": wall, "cpu": cpu}
        found.append(row)
    sizes, costs = np.log(points).T
    slope, last = np.polyfit(sizes, costs, 1)[0], np.diff(costs)[-1] / np.diff(sizes)[-1]
    times = ", ".join(f"{size:g}: {cpu:.1f}" for size, cpu in points)
    print(f"{name:24} {what:8} slope {slope:.2f}, last {last:.2f} ({times})", flush=True)


def plot():
    import matplotlib.pyplot as plt

    table = pd.DataFrame(found).dropna(subset="sweep")
    figure, panels = plt.subplots(
        1, len(options.sweeps), figsize=(9, 3), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, what in zip(panels[0], options.sweeps, strict=True):
        part = table[table["sweep"] == what]
        for name, points in part.groupby("sampler"):
            panel.loglog(points["size"], points["cpu"], "o-", label=name)
        sizes = part["size"].unique()
        panel.set_xticks(sizes, [f"{size:,.0f}" for size in sizes], rotation=40)
        panel.set(xlabel=what)
        panel.minorticks_off()
    ticks = [seconds for seconds in (1, 3, 10, 30, 100, 300) if seconds < 2 * table["cpu"].max()]
    panels[0, 0].set_yticks(ticks, [str(seconds) for seconds in ticks])
    panels[0, 0].set_ylabel("seconds of one core")
    panels[0, 0].legend()
    figure.savefig(options.plot, dpi=100)


warnings.simplefilter("ignore")  # of poor samples: the data are random
found: list[dict] = []
skgan_resample.BAGANGPSampler(max_iter=1).fit(*data((100, 5)))  # late imports
for sampler in options.samplers:
    bounded(sampler)
    for sweep in options.sweeps:
        swept(sampler, sweep)
if options.csv:
    pd.DataFrame(found).to_csv(options.csv, index=False)
if options.plot:
    plot()
