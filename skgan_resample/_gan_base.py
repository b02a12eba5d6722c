"""BaseGANSampler: a training run for a sampler's networks, and what a user sees of it."""

import math
import threading
from abc import ABCMeta, abstractmethod
from numbers import Integral, Real

import numpy as np
import torch
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils._param_validation import Interval, StrOptions
from tqdm.auto import tqdm

from ._base import BaseSampler, list_classes
from ._containers import warn, writable
from .metrics import dcr, spread_ratio
from .nn.blocks import MissingRates, draw_blocks_from
from .nn.run import TrainingRun, samples_at_once
from .nn.runtime import fits, resolve_device, torch_settings

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    def with_callbacks(method):
        """Leave the method as it is."""
        return method


# What is compared with training samples after a fit, see docs/results/fit-warnings.md
_FEWEST_COMPARED, _MOST_COMPARED = 6, 20_000  # training samples of a class
_ENOUGH = 2000  # training samples of a class for a median, and generated ones of all classes
_WIDE = 2048  # columns
_COLLAPSED, _COPIED = 0.2, 0.5  # spread, share of copies
_UPDATES_COMPARED = 100  # after a shorter training, a trial, samples are not checked
_GENERATING = threading.RLock()  # one call at a time moves a generator and sets its random stream
_MANY_COLUMNS = 5000
_ROWS_TO_COUNT_MISSING = 1000


class BaseGANSampler(CallbackSupportMixin, BaseSampler, metaclass=ABCMeta):
    """Base of the samplers that train networks.

    A sampler adds its ``__init__``, the constraints of its own parameters, and

    ``_fit_gan(x, y, run)``
        Train on x, a tensor (n, *sample_shape), and y, its (n,) int64 class indices, by means of
        the :class:`~skgan_resample.nn.run.TrainingRun`; return the generator, any module that is
        called with (inputs, class indices), and the history, a dict of tensors. x is float32 or,
        for images of bytes, uint8 in the caller's own memory: ``run.batches`` and ``as_floats``
        make floats of it. Both are on the device or, where they do not fit there, on the CPU. Set
        on ``self`` only what the paper names and what ``_generate`` needs.
    ``_generate(y, run)``
        Make one sample per class index, (m,) -> (m, *sample_shape), both on the device. By default
        ``generator_(run.noise(y), y)``.

    All randomness comes from ``run.rng``, a torch.Generator on the CPU.
    """

    _parameter_constraints: dict = {
        **BaseSampler._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "hidden_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "device": [str],
        "verbose": ["verbose"],
    }

    _auto_max_iter = (500, 1500)  # of tables and of images
    _auto_autoencoder_max_iter = (500, 1500)
    _momentum = (0.0, 0.5)  # the first of Adam's betas in the adversarial training, likewise

    @abstractmethod
    def _fit_gan(self, x, y, run):
        """Train the networks."""

    def _generate(self, y, run):
        """Generate one sample per class index."""
        return self.generator_(run.noise(y), y)

    @with_callbacks
    def _fit(self, x, y, rng, Run=TrainingRun):
        self.device_ = str(resolve_device(self.device))
        n_values = min(self.batch_size, len(x)) * math.prod(x.shape[1:])
        with torch_settings(n_values), _Progress(self, x, y) as progress:
            run = self._new_run(rng, progress, Run)
            samples, labels = torch.from_numpy(writable(x)), torch.from_numpy(y)
            if fits(samples.nbytes, self.device_):  # else a batch at a time
                samples = samples.to(self.device_)
            self.generator_, history = self._fit_gan(samples, labels.to(samples.device), run)
            self.generator_.cpu().eval().requires_grad_(False)
            self.history_ = {name: losses.numpy() for name, losses in history.items()}
            self.n_iter_ = len(self.history_["generator"])
            self._missing_rates = self._learn_missing_rates(samples.cpu(), labels, rng)

    def _new_run(self, rng, progress, Run):
        """A run with the parameters of the sampler; "auto" depends on the data."""
        shape, is_table = self.codec_.sample_shape_, len(self.codec_.sample_shape_) == 1
        n_values = math.prod(shape)
        auto: dict[str, int] = {
            "latent_dim": min(max(n_values if is_table else n_values // 2, 8), 64),
            "hidden_dim": min(max(n_values, 128), 512) if is_table else 128,
            "max_iter": self._auto_max_iter[not is_table],
            "autoencoder_max_iter": self._auto_autoencoder_max_iter[not is_table],
        }
        asked = {name: getattr(self, name, "auto") for name in auto}
        sizes = auto | {name: size for name, size in asked.items() if size != "auto"}
        self.latent_dim_ = int(sizes["latent_dim"])
        if is_table and n_values > _MANY_COLUMNS:
            warn(
                f"Got {n_values:,} columns, categories encoded: each network of "
                f"{type(self).__name__} has more than {n_values * sizes['hidden_dim']:,} weights, "
                "and training is slow. Reduce the columns first, with scikit-learn's SelectKBest "
                "or TruncatedSVD."
            )
        return Run(
            rng,
            shape,
            len(self.classes_),
            **sizes,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            momentum=self._momentum[not is_table],
            block_sizes=getattr(self.codec_, "block_sizes_", ()),
            device=self.device_,
            progress=progress,
        )

    def _learn_missing_rates(self, x, y, rng):
        """Correction of the generator's rates of missing values to those of each class."""
        columns = getattr(self.codec_, "missing_", ())
        if not columns:
            return None
        made_y = torch.arange(len(self.classes_)).repeat_interleave(_ROWS_TO_COUNT_MISSING)
        return MissingRates.fit(columns, (x, y), (self._run_generator(made_y, rng), made_y))

    def _sample(self, y, rng):
        labels = torch.from_numpy(y)
        with torch_settings(len(y) * math.prod(self.codec_.sample_shape_)):
            x = self._run_generator(labels, rng)
            if self._missing_rates is not None:
                x = self._missing_rates.apply(x, labels, rng)
        return x.numpy()

    @torch.no_grad()
    def _run_generator(self, y, rng):
        """Generate encoded samples, on the CPU: (m,) -> (m, *sample_shape).

        In small batches, since hidden layers are much larger than the images that they generate.
        """
        shape = self.codec_.sample_shape_
        run = TrainingRun(
            rng, shape, len(self.classes_), latent_dim=self.latent_dim_, device=self.device_
        )
        with _GENERATING:
            draw_blocks_from(self.generator_, rng)
            self.generator_.to(self.device_)
            try:
                parts = y.to(self.device_).split(samples_at_once(shape))
                return torch.cat([self._generate(part, run).cpu() for part in parts])
            finally:
                self.generator_.cpu()
                draw_blocks_from(self.generator_, self._stream(0))  # drops the caller's

    def _check_fit(self, x, y):
        """Warn of mode collapse, near-copies and samples of another class, once each.

        The samples compared are drawn from a separate random stream and thrown away.
        """
        if self.n_iter_ < _UPDATES_COMPARED:
            return
        counts = np.bincount(y)
        enough = counts >= _FEWEST_COMPARED
        compared = np.flatnonzero(self._lacking(enough))
        if not len(compared):
            return
        n_each = min(200, max(20, _ENOUGH // len(compared)))
        rng, collapsed, copied, mistaken = self._stream(0), {}, {}, {}
        few = np.concatenate([np.flatnonzero(y == c)[:n_each] for c in np.flatnonzero(enough)])
        classes_of, own = _nearest_classes(_as_floats(x[few]), y[few])
        for c in compared:
            name = f"{self.classes_[c]!s} ({counts[c]} samples)"
            real = _as_floats(x[np.flatnonzero(y == c)[:_MOST_COMPARED]])
            made = _as_floats(self._sample(np.full(n_each, c), rng))
            if not np.isfinite(made).all():
                continue  # an error is raised when samples are requested
            some = real[:: max(len(real) // _ENOUGH, 1)][:_ENOUGH]
            spread, (ratio, share, _) = spread_ratio(some, made), dcr(real, made)
            recognised = (classes_of(made) == c).mean()
            if spread < _COLLAPSED:
                collapsed[name] = spread
            elif share > _COPIED and ratio >= 0:  # NaN if most training samples are copies, too
                copied[name] = share
            elif recognised < min(1 / len(counts), own[c] / 2, own[c] - 0.2):
                mistaken[name] = recognised
        for found, text, form, order, category in (  # the worst classes come first
            (collapsed, _COLLAPSE, ".2f", 1, ConvergenceWarning),
            (copied, _COPIES, ".0%", -1, UserWarning),
            (mistaken, _MISTAKES, ".0%", 1, ConvergenceWarning),
        ):
            if found:
                classes = list_classes(sorted(found, key=found.__getitem__)[::order])
                warn(text.format(classes, type(self).__name__, _range(found, form)), category)

    def _stream(self, seed):
        return torch.Generator(device="cpu").manual_seed(seed)

    def __setstate__(self, state):
        """Restore a pickled sampler; it runs on the CPU if its GPU is not there."""
        super().__setstate__(state)
        try:
            resolve_device(state.get("device_", "cpu"))
        except ValueError:
            self.device_ = "cpu"


class _Progress:
    """Passes every update on to a tqdm bar and to the sampler's callbacks.

    Parameters
    ----------
    estimator : BaseGANSampler
        The sampler in training, with ``verbose`` and perhaps callbacks.
    X, y : ndarray
        Training samples and class indices, shown to the callbacks.
    """

    def __init__(self, estimator, X, y):
        self.estimator, self.X, self.y = estimator, X, y
        self.stage, self.bar, self.tasks, self.context = None, None, None, None

    def __enter__(self):
        if getattr(self.estimator, "_skl_callbacks", None):
            self.context = self.estimator._init_callback_context(max_subtasks=None)
            self.context.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)
        return self

    def __exit__(self, *error):
        self._begin(None, 0)
        if self.context is not None and error[0] is None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X, y=self.y)

    def update(self, stage, max_iter, losses):
        """Show one update of a stage; True if a callback asks to stop it."""
        if stage != self.stage:
            self._begin(stage, max_iter)
        if self.bar is not None:
            # reading a loss waits for the device: only when the bar is due to be drawn again
            n = self.bar.n + 1
            if n == self.bar.total or n - self.bar.last_print_n >= self.bar.miniters:
                self.bar.set_postfix(
                    {name: f"{value.item():.3g}" for name, value in losses.items()}, refresh=False
                )
            self.bar.update()
        if self.tasks is None:
            return False
        task = self.tasks.subcontext(task_name="update")
        task.call_on_fit_task_begin(estimator=self.estimator)
        return bool(
            task.call_on_fit_task_end(
                estimator=self.estimator,
                metadata=lambda: {name: value.item() for name, value in losses.items()},
            )
        )

    def diverged(self, stage, at, kept):
        """Warn that a stage went back to an earlier update, and ended there."""
        warn(
            f"The {stage} of {type(self.estimator).__name__} diverged at update {at}: a loss or a "
            f"weight is not finite. It went back to the weights of update {kept} and stopped. Got "
            f"learning_rate={self.estimator.learning_rate:g}; try a smaller one.",
            ConvergenceWarning,
        )

    def _begin(self, stage, max_iter):
        """End the current stage, and begin another one unless ``stage`` is None."""
        if self.bar is not None:
            self.bar.close()
        if self.tasks is not None:
            self.tasks.call_on_fit_task_end(estimator=self.estimator)
        self.stage, self.bar, self.tasks = stage, None, None
        if stage is None:
            return
        if self.estimator.verbose:
            self.bar = tqdm(total=max_iter, desc=f"{type(self.estimator).__name__} {stage}")
        if self.context is not None:
            self.tasks = self.context.subcontext(task_name=stage, max_subtasks=max_iter)
            self.tasks.call_on_fit_task_begin(estimator=self.estimator)


# {0} is classes, {1} the sampler, {2} the range of what was found in the classes
_COLLAPSE = (
    "Mode collapse in {0}: the median distance between samples generated by {1} is {2} of that "
    "between training samples. Try more updates, another learning_rate or another sampler; "
    "RowMixSampler trains no network."
)
_COPIES = (
    "Near-copies of training samples in {0}: {2} of the samples generated by {1} are ten times "
    "closer to a training sample than training samples are to each other. They are hardly better "
    "than duplicates, and reveal the data that they copy. Try fewer updates or another sampler."
)
_MISTAKES = (
    "Samples of another class in {0}: a nearest-neighbour classifier recognises the class in {2} "
    "of the samples generated by {1}, less than by chance. A classifier trained on them learns the "
    "wrong class. Try more updates or another sampler; RowMixSampler trains no network."
)


def _as_floats(x):
    """Encoded samples as rows of floats, bytes in [-1, 1]: (n, ...) -> (n, d).

    Columns of wide tables are added up in 256 at random, with random signs: distances stay.
    """
    if x.ndim == 2 and x.shape[1] > _WIDE:
        rng, d = np.random.default_rng(0), x.shape[1]
        entries = rng.choice([-1.0, 1.0], d), (np.arange(d), rng.integers(256, size=d))
        return x @ sparse.csr_array(entries, (d, 256))
    rows = x.reshape(len(x), -1)
    return rows / np.float32(127.5) - 1 if x.dtype == np.uint8 else rows


def _nearest_classes(x, y):
    """Five nearest neighbours among (n, d) samples, classes weighted equally, as a classifier.

    Returns a function from (m, d) samples to their (m,) classes, and the leave-one-out recall of
    each class.
    """
    counts = np.bincount(y)
    neighbours = KNeighborsClassifier(min(5, len(x) - 1)).fit(x, y)

    def classes_of(samples):
        votes = neighbours.predict_proba(samples) / counts[neighbours.classes_]
        return neighbours.classes_[votes.argmax(axis=1)]

    return classes_of, np.bincount(y, classes_of(None) == y) / np.maximum(counts, 1)


def _range(values, form):
    """The smallest and the largest of some numbers as text; one number if they are equal."""
    ends = [format(end, form) for end in (min(values.values()), max(values.values()))]
    return " to ".join(dict.fromkeys(ends))
