"""Data and samplers whose updates are timed."""

from contextlib import contextmanager

from skgan_resample import BAGANGPSampler, BAGANSampler, _gan_base

SHAPES = {"table, 30": (30,), "28 x 28 x 1": (28, 28, 1), "32 x 32 x 3": (32, 32, 3)}
SHAPES["64 x 64 x 3"] = (64, 64, 3)
SAMPLERS = {
    "BAGAN-GP": lambda **words: BAGANGPSampler(autoencoder_max_iter=0, **words),
    "BAGAN": lambda **words: BAGANSampler(autoencoder_max_iter=0, **words),
}


@contextmanager
def timed(clock):
    """Times of a clock after each update: a list, which a fit within the block fills."""
    times, update = [], _gan_base._Progress.update

    def timed_update(self, *args):
        times.append(clock())
        return update(self, *args)

    _gan_base._Progress.update = timed_update
    try:
        yield times
    finally:
        _gan_base._Progress.update = update
