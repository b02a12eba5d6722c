"""Descriptions of the parameters and attributes that every sampler has."""

import inspect
import re

_HEAD = """\
sampling_strategy : float, str, dict or callable, default="auto"
    Which classes to fill up, and to how many rows.

    - ``float`` (two classes only): rows of the smaller class over rows of the larger one.
    - ``str``: the classes to be filled up to the size of the largest: ``"minority"``,
      ``"not minority"``, ``"not majority"``, ``"all"``, or ``"auto"`` = ``"not majority"``.
    - ``dict``: the number of rows wanted by class, originals included.
    - ``callable``: maps y to such a dict.

    Classes may be of any size; one of a single row that needs new ones is named in a warning.

image_shape : tuple of int, default=None
    (height, width) or (height, width, channels) of the flattened pictures in the rows of X.
    None means a table, unless X itself has three or four dimensions.
categorical_features : "auto", None or array-like, default="auto"
    Which columns of a table are categories: names, indices or a mask. "auto" are the booleans of
    a frame, and in any container texts and pandas' categories; None are no columns. Dates,
    durations and missing values need no mention; see :class:`TableCodec`.
latent_dim : int or "auto", default="auto"
    Size of a latent code. "auto" is half the number of columns or pixels, between 8 and 64.
max_iter : int or "auto", default="auto"
    Updates of the generator; 0 means no adversarial training. "auto" is 500 for tables and
    1,500 for pictures."""

_AUTOENCODER = """\
autoencoder_max_iter : int or "auto", default="auto"
    Updates of the autoencoder before the adversarial training; 0 starts from random weights.
    "auto" is 500 for tables and 1,500 for pictures."""

_TAIL = """\
batch_size : int, default=64
    Real rows in a batch; all rows where there are fewer.
learning_rate : float, default=1e-3
    Step size of Adam, in every stage. A stage that diverges (a loss or a weight is not finite)
    goes back to the last sound weights and on with a tenth of it, once, with a warning.
n_iter_no_change : int, default=None
    Stop the game when that many updates of the generator have not brought its rows nearer to
    held-out ones, and keep the generator that came nearest. Every 50 updates their energy
    distance is measured, class by class: of classes that lack rows, or else of all. A tenth of
    each class of 20 rows or more (500 rows at most) is held out of the training; smaller classes
    are wholly in it, and not measured. None trains on all rows for ``max_iter`` updates.
max_time : float, default=None
    Seconds that the training may take, all stages together; encoding, and generating rows
    afterwards, come on top. The last update is finished, and what is learnt by then is used, with
    a warning if the generator had no update. Results then depend on the speed of the machine.
    None sets no limit.
device : str, default="auto"
    "auto" takes CUDA, then Apple's MPS, then the CPU; or "cpu", "cuda", "cuda:1", "mps".
devices : int, default=1
    Devices of that kind that train together, each on its part of every batch, in a process of its
    own; on the CPU, processes. Needs lightning-fabric (the extra ``distributed``) and gives other
    rows than one device does. In a worker of joblib or multiprocessing it counts as 1. See
    :doc:`/guide/scaling`.
strategy : {"auto", "ddp_spawn", "ddp_fork"}, default="auto"
    How, with several devices, their processes are started. "ddp_spawn" starts them afresh, so a
    script needs ``if __name__ == "__main__":``; "ddp_fork" copies this process, in no time, which
    is safe only if it has neither used a GPU nor started threads. "auto" spawns them, but forks
    them in an interactive session, and joins those that ``torchrun`` has started.
precision : {"float32", "bf16"}, default="float32"
    "bf16" runs the networks under bfloat16 autocast (faster on recent GPUs); weights stay
    float32.
random_state : int, RandomState instance or None, default=None
    Seed of everything random: weights, batches, noise. An int gives the same rows at every
    call. None takes fresh entropy; numpy's and torch's global streams are never used.
verbose : int, default=0
    1 shows a progress bar with the losses and the time left."""

_ATTRIBUTES = """\
sampling_strategy_ : dict
    Rows to generate by class.
classes_ : ndarray of shape (n_classes,)
    The class labels.
generator_ : torch.nn.Module
    Trained generator, a moving average of its weights over the last tenth of the run; maps
    (codes, class indices) to encoded rows.
codec_ : TableCodec or ImageCodec
    Translates rows to tensors and back.
latent_dim_ : int
    Size of a latent code.
history_ : dict of str to ndarray
    Loss of every update, by network. Updates that were undone, since the training diverged or
    ``n_iter_no_change`` kept an earlier generator, are not in it.
n_iter_ : int
    Updates of the generator, undone ones not counted.
validation_distances_ : dict of int to float
    Energy distance to held-out rows by number of updates, those that were undone included. Only
    with ``n_iter_no_change``.
is_held_out_ : ndarray of shape (n_samples,)
    Which training rows were held out. Only with ``n_iter_no_change``.
device_ : str
    Where the networks run.
is_synthetic_ : ndarray of shape (n_samples_new,)
    Which rows of ``fit_resample``'s result are synthetic.
retains_training_data_ : bool
    Whether the fitted sampler holds training rows; False.
n_features_in_ : int
    Number of columns, or of values in a picture.
feature_names_in_ : ndarray of shape (n_features,)
    Names of the columns, where X had names that are all strings."""


# attributes whose parameter has another name
_PARAMETER_OF = dict.fromkeys(["validation_distances_", "is_held_out_"], "n_iter_no_change")


def document(cls):
    """Fill the shared descriptions into the docstring of a sampler.

    What the docstring describes itself is left out of them, and so is what belongs to a shared
    parameter that the sampler does not have.

    Parameters
    ----------
    cls : type
        Its docstring holds ``<head>``, ``<autoencoder>``, ``<tail>`` and ``<attributes>``, each
        on a line of its own.

    Returns
    -------
    cls : type
        The same class.
    """
    text = inspect.cleandoc(cls.__doc__)
    shared = {"head": _HEAD, "autoencoder": _AUTOENCODER, "tail": _TAIL, "attributes": _ATTRIBUTES}
    own = set(re.findall(r"^(\w+) :", text, re.MULTILINE))
    known = set(inspect.signature(cls).parameters)
    absent = {name for part in (_HEAD, _AUTOENCODER, _TAIL) for name in _entries(part)} - known
    for name, description in shared.items():
        kept = [
            entry
            for described, entry in _entries(description).items()
            if described not in own
            and _PARAMETER_OF.get(described, described.removesuffix("_")) not in absent
        ]
        text = text.replace(f"<{name}>", "\n".join(kept))
    cls.__doc__ = text + "\n"
    return cls


def _entries(description):
    """Split a description of several names: {name: its lines}."""
    entries = re.split(r"\n(?=\w+ :)", description)
    return {entry.partition(" ")[0]: entry for entry in entries}
