"""Data and samplers whose updates are timed."""

from skgan_resample import BAGANGPSampler, BAGANSampler

SHAPES = {"table, 30": (30,), "28 x 28 x 1": (28, 28, 1), "32 x 32 x 3": (32, 32, 3)}
SHAPES["64 x 64 x 3"] = (64, 64, 3)
SAMPLERS = {
    "BAGAN-GP, anchored": lambda **words: BAGANGPSampler(**words),
    "BAGAN-GP, from noise": lambda **words: BAGANGPSampler(
        anchored=False, autoencoder_max_iter=0, **words
    ),
    "BAGAN": lambda **words: BAGANSampler(autoencoder_max_iter=0, **words),
}
