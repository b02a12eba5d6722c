r"""Descriptions of the parameters and attributes that samplers share.

A line of placeholders in a sampler's docstring, such as ``{batch_size} {device}``, is replaced by
the descriptions of these names below:

sampling_strategy : float, str, dict or callable, default="auto"
    Which classes to fill up, and to how many samples.

    - ``float`` (two classes only): samples of the smaller class over those of the larger one.
    - ``str``: the classes to be filled up to the size of the largest: ``"minority"``,
      ``"not minority"``, ``"not majority"``, ``"all"``, or ``"auto"`` = ``"not majority"``.
    - ``dict``: the number of samples wanted by class, originals included.
    - ``callable``: maps y to such a dict.
image_shape : tuple of int, default=None
    (height, width) or (height, width, channels) of the flattened images in X. None means a table,
    unless X itself has three or four dimensions.
categorical_features : "auto", None or array-like, default="auto"
    Which columns of a table are categories: names, indices or a mask; None means no column.
    "auto" takes booleans of a frame, texts and pandas' categories. Dates, durations and missing
    values are recognised; see :class:`TableCodec`.
latent_dim : int or "auto", default="auto"
    Size of a latent code. "auto" is the number of encoded columns, or half the number of pixels,
    between 8 and 64.
hidden_dim : int or "auto", default="auto"
    Size of the networks. For tables, the units of every hidden layer; "auto" is the number of
    encoded columns, between 128 and 512. For images, the largest number of feature maps; it is an
    eighth of that at full resolution, and doubles as the resolution is halved; "auto" is 128.
max_iter : int or "auto", default="auto"
    Updates of the generator; 0 means no adversarial training. "auto" is 500 for tables and
    1,500 for images.
autoencoder_max_iter : int or "auto", default="auto"
    Updates of the autoencoder before the adversarial training; 0 starts from random weights.
    "auto" is 500 for tables and 1,500 for images.
fake_labels : {"balanced", "data"}, default="balanced"
    Classes of the samples generated during training: uniform, or those of the real batch.
batch_size : int, default=64
    Real samples in a batch; all where there are fewer.
learning_rate : float, default=1e-3
    Step size of Adam. Its betas are (0.5, 0.9) where the notes do not say otherwise. A stage that
    diverges (a loss or a weight is not finite) goes back to its last finite weights and stops with
    a warning; within its first 50 updates this is an error.
device : str, default="auto"
    "auto" takes CUDA, then Apple's MPS, then the CPU; or "cpu", "cuda", "cuda:1", "mps".
random_state : int, RandomState instance or None, default=None
    Seed of all random numbers. An int gives the same samples at every call.
verbose : int, default=0
    1 shows a progress bar with the losses and the time left.
sampling_strategy_ : dict
    Samples to generate by class.
classes_ : ndarray of shape (n_classes,)
    The class labels.
generator_ : torch.nn.Module
    Trained generator, with a moving average of its weights over about the last tenth of the
    updates; maps (codes, class indices) to encoded samples.
codec_ : TableCodec or ImageCodec
    Encodes samples as arrays for the networks, and decodes generated ones.
latent_dim_ : int
    Size of a latent code.
latent_ : ClassGaussians
    One Gaussian of latent codes per class.
history_ : dict of str to ndarray
    Losses by network: one for every update of the autoencoder and of the generator, and the last
    one of the discriminator before each update of the generator, which includes its penalties.
n_iter_ : int
    Updates of the generator.
device_ : str
    Device that the networks run on.
is_synthetic_ : ndarray of shape (n_samples_new,)
    Which samples of ``fit_resample``'s result are synthetic.
n_features_in_ : int
    Number of columns, or of values in an image.
feature_names_in_ : ndarray of shape (n_features,)
    Names of the columns, where X had names that are all strings.
"""

import re

_EXAMPLE = """\
>>> from sklearn.datasets import make_classification
>>> from skgan_resample import {0}
>>> X, y = make_classification(200, weights=[0.9], random_state=0)
>>> X_resampled, y_resampled = {0}(max_iter=50, random_state=0).fit_resample(X, y)
>>> [y_resampled.tolist().count(label) for label in (0, 1)]
[180, 180]"""


def documented(cls):
    """Replace lines of ``{name}`` in the docstring of a class by the descriptions of the names.

    ``{example}`` is replaced by an example of the class.
    """
    if __doc__ is None or cls.__doc__ is None:  # python -OO
        return cls
    entries = re.split(r"\n(?=\w+ :)", __doc__.strip())[1:]
    descriptions = {entry.partition(" ")[0]: entry for entry in entries}
    descriptions["example"] = _EXAMPLE.format(cls.__name__)

    def described(match):
        text = "\n".join(descriptions[name] for name in re.findall(r"\w+", match[0]))
        return re.sub(r"^(?=.)", match[1], text, flags=re.MULTILINE)

    pattern = re.compile(r"^( *)\{\w+\}( \{\w+\})*$", re.MULTILINE)
    cls.__doc__ = pattern.sub(described, cls.__doc__)
    return cls
