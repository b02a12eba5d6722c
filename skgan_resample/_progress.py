"""What a user sees of a training run: a bar, scikit-learn's callbacks, a warning if it diverges."""

from __future__ import annotations

import math
import time
import warnings

from sklearn.exceptions import ConvergenceWarning
from tqdm.auto import tqdm

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    def with_callbacks(method):
        """Leave the method as it is."""
        return method


class TrainingProgress:
    """Passes every update on to a tqdm bar and to the estimator's callbacks.

    Parameters
    ----------
    estimator : BaseGANSampler
        Whose training is watched; its ``verbose`` and its callbacks count.
    X, y : ndarray
        Training rows and class indices, shown to the callbacks.
    """

    def __init__(self, estimator, X, y):
        self.estimator, self.X, self.y = estimator, X, y
        self.stage, self.bar, self.tasks, self.context = None, None, None, None
        self.started, self.interrupt, self.done = time.monotonic(), None, 0

    def __enter__(self):
        if getattr(self.estimator, "_skl_callbacks", None):
            self.context = self.estimator._init_callback_context(max_subtasks=None)
            self.context.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)
        return self

    def __exit__(self, *error):
        self._close()
        if self.context is not None and error[0] is None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X, y=self.y)

    def update(self, stage, max_iter, losses):
        """Show one update of a stage; True if a callback asks to stop it."""
        if stage != self.stage:
            self._close()
            self._open(stage, max_iter)
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

    @property
    def deadline(self):
        """When ``max_time`` is over, as ``time.monotonic`` counts."""
        limit = self.estimator.max_time
        return math.inf if limit is None else self.started + limit

    def diverged(self, stage, at, kept, learning_rate):
        """Warn that a stage went back to an earlier update, and how it goes on."""
        self._close()  # callbacks and bar cannot go back: a stage that goes on is begun anew
        self.done = kept
        back = f"the weights of update {kept}" if kept else "the weights that it started from"
        if learning_rate is None:
            end = f"Training stopped. Got {self._rate}; try a smaller one."
        else:
            end = (
                f"Training goes on from there with learning_rate={learning_rate:g}. "
                f"Got {self._rate}; set a smaller one to be rid of this warning."
            )
        warnings.warn(
            f"The {stage} of {type(self.estimator).__name__} diverged at update {at}: a loss or a "
            f"weight is not finite. It went back to {back}. {end}",
            ConvergenceWarning,
            stacklevel=2,
        )

    def interrupted(self, stage, n_iter, error):
        """Keep the interrupt until the game's weights are in place; without any, give up now."""
        if stage == "autoencoder" or n_iter == 0:
            raise error
        self.interrupt = error

    @property
    def _rate(self):
        return f"learning_rate={self.estimator.learning_rate:g}"

    def _open(self, stage, max_iter):
        self.stage = stage
        if self.estimator.verbose:
            name = f"{type(self.estimator).__name__} {stage}"
            self.bar = tqdm(total=max_iter, initial=self.done, desc=name)
        if self.context is not None:
            self.tasks = self.context.subcontext(task_name=stage, max_subtasks=max_iter)
            self.tasks.call_on_fit_task_begin(estimator=self.estimator)
        self.done = 0

    def _close(self):
        """End the stage in hand."""
        if self.bar is not None:
            self.bar.close()
        if self.tasks is not None:
            self.tasks.call_on_fit_task_end(estimator=self.estimator)
        self.stage, self.bar, self.tasks = None, None, None
