"""Building blocks of samplers, in torch alone.

- ``networks``: trunks and decoders for tables and images, and how a label enters them.
- ``blocks``: how generators draw one-hot blocks, and the rates of missing values.
- ``losses``: objectives, as functions of tensors.
- ``latent``: one Gaussian of latent codes per class.
- ``impacts``: weights of subclasses in a loss, and the actor and critic that learn them.
- ``run``: everything that one training needs, its batches and its two loops.
- ``runtime``: devices, threads and settings of torch.
"""
