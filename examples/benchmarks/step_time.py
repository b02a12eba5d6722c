"""
How fast is an update, compared with the machine's peak rate?
=============================================================

For BAGAN and BAGAN-GP: processor milliseconds of one update (one of the discriminator and one of
the generator, 64 samples each), its floating-point operations, and their rate as a share of the
rate at which this machine multiplies square matrices of 1,024 with one thread.

``--rival`` compares with the loop of BAGAN-GP's public code, on the same networks: five updates
of the discriminator for each of the generator, on one real batch, each with three passes and a
gradient penalty between real and generated samples; the discriminator is not frozen for the
generator's. It compares real images per second, and the Fréchet distance on a small classifier's
features after the same processor time, on Fashion-MNIST's training files (``--data``).
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from _updates import SAMPLERS, SHAPES, fashion, features_of, timed
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from skgan_resample import BAGANGPSampler
from skgan_resample.metrics import frechet_distance
from skgan_resample.nn.run import TrainingRun


def sgemm_rate():
    """Operations per second of a square matrix product: the best of some."""
    a, best = torch.randn(1024, 1024), np.inf
    for _ in range(20):
        start = time.process_time()
        a @ a
        best = min(best, time.process_time() - start)
    return 2 * 1024**3 / best


def update_times(sampler, X, y):
    """Processor seconds of every update but the first two."""
    with timed(time.process_time) as times:
        sampler.fit(X, y)
    return np.diff(times)[2:]


class Operations(TorchDispatchMode):
    """Counts floating-point operations as FlopCounterMode does, through double backward, too."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=made)
        return made


def operations(make, X, y):
    """Floating-point operations of one update: those of three less those of one, by two."""
    counts = []
    for n_updates in (1, 3):
        with Operations() as counter:
            make(max_iter=n_updates, random_state=0).fit(X, y)
        counts.append(counter.total)
    return (counts[1] - counts[0]) / 2


def against_the_peak(options):
    rng, rate = np.random.default_rng(0), sgemm_rate()
    print(f"sgemm, one thread: {rate / 1e9:.0f} GFLOP/s")
    rows = []
    for data in options.shapes:
        shape = SHAPES[data]
        X, y = rng.integers(0, 256, (300, *shape)).astype(np.uint8), np.arange(300) % 3
        for name, make in SAMPLERS.items():
            flops = operations(make, X, y)
            n_updates = 60 if len(shape) == 1 else options.updates
            took = np.median(update_times(make(max_iter=n_updates, random_state=0), X, y))
            row = {"data": data, "sampler": name, "MFLOP": flops / 1e6, "ms": 1000 * took}
            rows.append(row | {"floor, ms": 1000 * flops / rate, "share": flops / rate / took})
            print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False, header=False), flush=True)
    return pd.DataFrame(rows)


class PublicLoop(TrainingRun):
    """The adversarial training of BAGAN-GP as its public code does it, for some seconds."""

    seconds = 10.0
    took, n_images = 0.0, 0  # of the last training

    def train_adversarial(self, generator, discriminator, d_loss, g_loss, data, n_critic=1):
        settings = {"lr": 2e-4, "betas": (0.5, 0.9), "foreach": False}
        d_optimiser = torch.optim.Adam(discriminator.parameters(), **settings)
        g_optimiser = torch.optim.Adam(generator.parameters(), **settings)
        size, rng = self.batch_size, self.rng
        ones, zeros = torch.ones(size, 1), torch.zeros(size, 1)
        start, n_images = time.process_time(), 0

        def labels():
            return torch.randint(self.n_classes, (size,), generator=rng)

        def score(x, y):
            return discriminator(x, y).reshape(-1, 1)

        while time.process_time() - start < self.seconds:
            real, real_y = next(data)
            for _ in range(5):
                fake_y = labels()
                fake = generator(self.noise(fake_y), fake_y)
                loss = bce(score(real, real_y), ones)
                loss = loss + bce(score(fake, fake_y), zeros) + bce(score(real, labels()), zeros)
                part = torch.rand((size, 1, 1, 1), generator=rng)
                between = real + part * (fake - real)
                (slope,) = torch.autograd.grad(
                    score(between, real_y).sum(), between, create_graph=True
                )
                penalty = (slope.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
                d_optimiser.zero_grad()
                (loss + 10 * penalty).backward()
                d_optimiser.step()
            fake_y = labels()
            g_loss = bce(score(generator(self.noise(fake_y), fake_y), fake_y), ones)
            g_optimiser.zero_grad()
            g_loss.backward()
            g_optimiser.step()
            n_images += size
        PublicLoop.took, PublicLoop.n_images = time.process_time() - start, n_images
        return {"discriminator": torch.zeros(1), "generator": torch.zeros(1)}


class PublicBAGANGP(BAGANGPSampler):
    """BAGANGPSampler with that loop."""

    def _fit(self, x, y, rng):
        return super()._fit(x, y, rng, PublicLoop)


class OurLoop(TrainingRun):
    """Our loop, timed."""

    took, n_images = 0.0, 0

    def train_adversarial(self, *args, **words):
        start = time.process_time()
        history = super().train_adversarial(*args, **words)
        OurLoop.took = time.process_time() - start
        OurLoop.n_images = self.batch_size * self.max_iter
        return history


class OurBAGANGP(BAGANGPSampler):
    """BAGANGPSampler, timed."""

    def _fit(self, x, y, rng):
        return super()._fit(x, y, rng, OurLoop)


def against_the_authors_loop(options):
    X, y, X_real, y_real = fashion(options.data)
    features = features_of(X_real, y_real)
    real = features(X_real)
    rows = []
    for seed in range(options.seeds):
        common = {"autoencoder_max_iter": options.pretraining, "random_state": seed}
        OurBAGANGP(max_iter=10, n_critic=1, **common).fit(X, y)
        n_updates, PublicLoop.seconds = int(options.seconds / OurLoop.took * 10), options.seconds
        loops = [("public code's loop", PublicBAGANGP(**common), PublicLoop)]
        for n_critic, share in (1, 1.0), (3, 0.4), (5, 0.25):  # of about the same time
            most = max(int(share * n_updates), 1)
            sampler = OurBAGANGP(max_iter=most, n_critic=n_critic, **common)
            loops.append((f"ours, n_critic={n_critic}", sampler, OurLoop))
        for name, sampler, loop in loops:
            made, _ = sampler.fit(X, y).sample(200, random_state=0)
            distance = frechet_distance(real, features(made))
            rate = loop.n_images / loop.took
            rows.append({"loop": name, "seed": seed, "s": loop.took, "images/s": rate})
            rows[-1]["distance"] = distance
            print(pd.DataFrame(rows[-1:]).round(2).to_string(index=False), flush=True)
    return pd.DataFrame(rows)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--shapes", nargs="*", default=list(SHAPES))
parser.add_argument("--updates", type=int, default=10)
parser.add_argument("--rival", action="store_true")
parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
parser.add_argument("--seconds", type=float, default=120)
parser.add_argument("--pretraining", type=int, default=100)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--csv")
arguments = parser.parse_args()
torch.set_num_threads(1)
table = (against_the_authors_loop if arguments.rival else against_the_peak)(arguments)
if arguments.csv:
    table.to_csv(arguments.csv, index=False)
