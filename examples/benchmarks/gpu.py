"""
How fast is a GPU?
==================

One command measures a GPU in at most eight minutes:

- agreement: samples of each sampler trained on the GPU and on the CPU from the same noise;
- speed: real images per second of BAGAN-GP and SCDL at 28, 64 and 128 pixels, compared with two CPU
  cores, and the utilisation of the GPU by nvidia-smi;
- large data: images per second from the GPU's memory, and batch by batch where they do not fit;
- precision: images per second in float32, TF32 and bfloat16;
- time to quality: seconds and Fréchet distance on Fashion-MNIST's training files (``--data``).

Every figure is printed at once, and written to OUTPUT.txt and OUTPUT.json. When the time is over
the run ends, with a note. ``--dry`` runs everything on the CPU with little data, as a test.

    python examples/benchmarks/gpu.py --output gpu
    python examples/benchmarks/gpu.py --dry
"""

import argparse
import json
import subprocess
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from _updates import fashion, features_of

import skgan_resample
from skgan_resample import BAGANGPSampler, SCDLSampler
from skgan_resample.metrics import frechet_distance
from skgan_resample.nn.run import TrainingRun

TRAINED = sorted(
    {name for name in skgan_resample.__all__ if name.endswith("Sampler")}
    - {"BaseGANSampler", "RowMixSampler"}
)
TOLERANCE = 0.01  # standard deviations of the data, which 99 % of the values are to keep


def noise(n, *shape):
    """Random bytes as images (n, *shape), in two classes."""
    X = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    return X, np.arange(n) % 2


def updates(Sampler, n):
    """A sampler's parameters for n updates of each stage."""
    known = Sampler._parameter_constraints
    return {name: n for name in ("max_iter", "autoencoder_max_iter") if name in known}


def seconds(sampler, X, y):
    """Wall-clock seconds of a fit; its result is on the CPU, so the GPU has finished."""
    start = time.perf_counter()
    sampler.fit(X, y)
    return time.perf_counter() - start


def images_per_second(Sampler, X, y, device, lengths):
    """Real images per second, from two fits of different lengths, whose common costs cancel."""
    words = {"device": device, "random_state": 0}
    short, long = (seconds(Sampler(**updates(Sampler, n), **words), X, y) for n in lengths)
    stages = len(updates(Sampler, 0))
    return Sampler().batch_size * stages * (lengths[1] - lengths[0]) / (long - short)


@contextmanager
def threads(n):
    """A block in which torch has n threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Usage:
    """Share of the time in which the GPU is busy, in per cent, by nvidia-smi."""

    def __init__(self, device):
        self.process, self.percent = None, None
        if device.startswith("cuda"):
            query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200"]
            self.process = subprocess.Popen(
                ["nvidia-smi", "-i", "0", *query], stdout=subprocess.PIPE, text=True
            )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process is not None:
            self.process.terminate()
            figures = [int(x) for x in self.process.communicate()[0].split() if x.isdigit()]
            self.percent = float(np.mean(figures)) if figures else None


class Bfloat16Run(TrainingRun):
    """A training whose losses are computed in bfloat16, where torch's autocast finds that safe."""

    def step(self, optimiser, loss, x, y):
        def in_bfloat16(x, y):
            with torch.autocast(torch.device(self.device).type, torch.bfloat16):
                return loss(x, y)

        return super().step(optimiser, in_bfloat16, x, y)


class Bfloat16BAGANGP(BAGANGPSampler):
    """BAGANGPSampler with that training."""

    def _fit(self, x, y, rng):
        return super()._fit(x, y, rng, Bfloat16Run)


# The parts ---------------------------------------------------------------------------------------


def agreement(options):
    """Distances between samples trained on the GPU and on the CPU, in deviations of the data."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 3
    table = rng.normal(size=(200, 10)) + y[:, None]
    images = rng.integers(0, 100, (200, 12, 12)) + 50 * y[:, None, None]
    for name in options.samplers:
        Sampler = getattr(skgan_resample, name)
        for data, X in {"table": table, "images": images.astype(np.float32)}.items():
            words = updates(Sampler, 3) | {"random_state": 0}
            made = [
                Sampler(device=device, **words).fit(X, y).sample(50, random_state=0)[0]
                for device in ("cpu", options.device)
            ]
            far = np.abs(made[0] - made[1]) / X.std()
            held = float(np.quantile(far, 0.99)) <= TOLERANCE
            yield {"sampler": name, "data": data, "largest": float(far.max()), "agrees": held}


def speed(options):
    """Images per second on the GPU and on two CPU cores."""
    for side in options.sides:
        X, y = noise(1000, side, side)
        for Sampler in (BAGANGPSampler, SCDLSampler):
            Sampler(**updates(Sampler, 2), device=options.device).fit(X, y)  # late imports, kernels
            with Usage(options.device) as usage:
                gpu = images_per_second(Sampler, X, y, options.device, options.lengths)
            with threads(2):
                cpu = images_per_second(Sampler, X, y, "cpu", options.cpu_lengths)
            row = {"sampler": Sampler.__name__, "side": side, "images/s": gpu, "CPU": cpu}
            yield row | {"ratio": gpu / cpu, "busy, %": usage.percent}


def large_data(options):
    """The same images in the GPU's memory, and batch by batch, with too little memory free."""
    X, y = noise(options.n_large, 28, 28)
    before = images_per_second(BAGANGPSampler, X, y, options.device, options.lengths)
    yield {"GB": X.nbytes / 1e9, "where": "on the device", "images/s": before}
    filler = None
    if options.device.startswith("cuda"):  # a fit leaves samples out above half of what is free
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info()
        filler = torch.empty(max(free - int(1.8 * X.nbytes), 0), dtype=torch.uint8, device="cuda")
    after = images_per_second(BAGANGPSampler, X, y, options.device, options.lengths)
    yield {"GB": X.nbytes / 1e9, "where": "batch by batch", "images/s": after}
    del filler


def precision(options):
    """Images per second of BAGAN-GP in float32, TF32 and bfloat16."""
    X, y = noise(1000, options.sides[-1], options.sides[-1])
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    for kind in ("float32", "TF32", "bfloat16"):
        torch.set_float32_matmul_precision("highest" if kind == "float32" else "high")
        torch.backends.cudnn.allow_tf32 = kind != "float32"
        Sampler = Bfloat16BAGANGP if kind == "bfloat16" else BAGANGPSampler
        Sampler(**updates(Sampler, 2), device=options.device).fit(X, y)
        rate = images_per_second(Sampler, X, y, options.device, options.lengths)
        yield {"arithmetic": kind, "side": options.sides[-1], "images/s": rate}
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


def time_to_quality(options):
    """Seconds of a fit, and the distance of its samples to other images of Fashion-MNIST."""
    if options.dry:
        X, y = noise(60, 8, 8)
        X_real, y_real = X, y
    else:
        X, y, X_real, y_real = fashion(options.data)
    features = features_of(X_real, y_real)
    real = features(X_real)
    for Sampler in (BAGANGPSampler, SCDLSampler):
        for n in options.budgets:
            sampler = Sampler(**updates(Sampler, n), device=options.device, random_state=0)
            took = seconds(sampler, X, y)
            made, _ = sampler.sample(200, random_state=0)
            distance = frechet_distance(real, features(made))
            row = {"sampler": Sampler.__name__, "updates a stage": n, "seconds": took}
            yield row | {"distance": float(distance)}


PARTS = [agreement, speed, large_data, precision, time_to_quality]


# One run -----------------------------------------------------------------------------------------


def told(row):
    """A row as text."""
    parts = (f"{k}: {v:.4g}" if isinstance(v, float) else f"{k}: {v}" for k, v in row.items())
    return ", ".join(parts)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--dry", action="store_true", help="on the CPU, with little data")
    parser.add_argument("--output", default="gpu", help="path of the two files, without a suffix")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--samplers", nargs="*", default=TRAINED)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    options = parser.parse_args(arguments)
    options.device = "cpu" if options.dry else "cuda"
    options.sides = [8] if options.dry else [28, 64, 128]
    options.lengths, options.cpu_lengths = ((1, 3), (1, 3)) if options.dry else ((20, 120), (1, 3))
    options.n_large = 100 if options.dry else 1_300_000
    options.budgets = [2] if options.dry else [100, 300, 1000, 1500]

    start = time.perf_counter()
    name = "CPU, dry" if options.dry else torch.cuda.get_device_name()
    found = {"device": name, "torch": torch.__version__}
    lines = [told(found)]
    print(lines[0], flush=True)

    def note(part, row):
        found.setdefault(part, []).append(row)
        lines.append(f"{part}: {told(row)}")
        print(lines[-1], flush=True)
        Path(f"{options.output}.json").write_text(json.dumps(found, indent=1))
        Path(f"{options.output}.txt").write_text("\n".join(lines) + "\n")

    for part in PARTS:
        try:
            for row in part(options):
                note(part.__name__, row)
                if time.perf_counter() - start > 60 * options.minutes:
                    note(part.__name__, {"stopped": "the time was over"})
                    return found
        except Exception as error:  # the other parts' figures are worth having
            note(part.__name__, {"failed": repr(error)})
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of what noise looks like
    main()
