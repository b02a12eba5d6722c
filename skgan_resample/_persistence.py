"""How a fitted sampler is kept: pickles that know their versions, and weights without pickle."""

from __future__ import annotations

import warnings
from abc import ABCMeta
from dataclasses import replace

import torch
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.utils.validation import check_is_fitted

from .nn.device import resolve_device

_LAWS = ("latent_", "_gap_rates")  # what is learnt besides the generator: dataclasses of tensors


class Persists(BaseOverSampler, metaclass=ABCMeta):
    """The part of :class:`~skgan_resample._base.BaseGANSampler` that writes and reads."""

    def __getstate__(self):
        return {**super().__getstate__(), "_written_by": _versions()}

    def __setstate__(self, state):
        """Restore a pickled sampler; without its GPU it goes on with the CPU."""
        state = dict(state)
        written_by = state.pop("_written_by", {})
        super().__setstate__(state)
        for package, version in _versions().items():
            other = written_by.get(package, "an unknown version")
            if other != version:
                warnings.warn(
                    f"Got a {type(self).__name__} that was saved with {package} {other}, but this "
                    f"is {package} {version}: it may fail or give other rows. Load it with the "
                    "version that wrote it, or fit it again.",
                    UserWarning,
                    stacklevel=2,
                )
        if "device_" in state:
            try:
                resolve_device(state["device_"])
            except ValueError:
                self.device_ = "cpu"

    def state_dict(self):
        """Everything learnt, as tensors by name: for a file format other than pickle.

        Returns
        -------
        tensors : dict of str to torch.Tensor
            Copies, on the CPU. They are the weights alone, without the columns and the classes,
            which :meth:`load_state_dict` takes from a sampler that saw the same data.

        Raises
        ------
        NotFittedError
            If there is no trained generator.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from skgan_resample import CGANSampler
        >>> X, y = make_classification(200, weights=[0.9], random_state=0)
        >>> weights = CGANSampler(max_iter=20, random_state=0).fit(X, y).state_dict()
        >>> untrained = CGANSampler(max_iter=0, random_state=0).fit(X, y)
        >>> untrained.load_state_dict(weights).sample(3)[0].shape
        (6, 20)
        """
        check_is_fitted(self, "generator_")
        parts = {"generator_": self.generator_.state_dict()}
        parts |= {name: vars(getattr(self, name)) for name in self._laws()}
        return {
            f"{part}.{name}": tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
            for part, tensors in parts.items()
            for name, tensor in tensors.items()
        }

    def load_state_dict(self, tensors):
        """Take over what another sampler has learnt.

        This sampler has to be fitted with the same parameters to the same rows in the same order;
        the numbers of updates may differ, so ``max_iter=0`` and ``autoencoder_max_iter=0`` will
        do, which train nothing.

        Parameters
        ----------
        tensors : dict of str to torch.Tensor
            What :meth:`state_dict` returned.

        Returns
        -------
        self : object
            ``sample`` with a seed now gives the rows that the other one gives. ``n_iter_`` and
            ``history_`` stay those of this sampler's own fit.

        Raises
        ------
        NotFittedError
            If this sampler is not fitted.
        ValueError
            If names or shapes differ.
        """
        own = self.state_dict()
        wrong = {name for name in own.keys() & tensors if own[name].shape != tensors[name].shape}
        wrong |= own.keys() ^ tensors.keys()
        if wrong:
            raise ValueError(
                f"Got tensors that do not fit this {type(self).__name__}: {sorted(wrong)[0]!r} is "
                "missing on one side or has another shape. Fit it first with the parameters, and "
                "to the rows, of the sampler that they come from; max_iter=0 will do."
            )

        def part(of):
            return {
                name.partition(".")[2]: value.clone()
                for name, value in tensors.items()
                if name.partition(".")[0] == of
            }

        self.generator_.load_state_dict(part("generator_"))
        for name in self._laws():
            setattr(self, name, replace(getattr(self, name), **part(name)))
        return self

    def _laws(self):
        return [name for name in _LAWS if getattr(self, name, None) is not None]


def _versions():
    """The versions that a file depends on; torch's without its build, such as +cpu or +cu126."""
    from . import __version__  # here, since the package imports this module first

    return {"skgan_resample": __version__, "torch": torch.__version__.partition("+")[0]}
