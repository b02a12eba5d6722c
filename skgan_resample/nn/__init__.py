"""The mathematics in torch: networks, laws of latent codes, losses and the training loops."""
