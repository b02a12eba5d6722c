"""numpydoc's own validation of every public docstring, with the checks named in pyproject.toml."""

import inspect
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import ERROR_MSGS, validate

import skgan_resample

CONFIG = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
CHECKS = set(ERROR_MSGS) - set(CONFIG["tool"]["numpydoc_validation"]["checks"])


def public_objects():
    """Public classes and functions, and the public methods that the package itself defines."""
    for module in (skgan_resample, skgan_resample.metrics, skgan_resample.comparison):
        for name in module.__all__:
            item = getattr(module, name)
            if callable(item):
                yield f"{module.__name__}.{name}"
            for member, function in inspect.getmembers(item, inspect.isfunction):
                ours = function.__module__.startswith("skgan_resample")
                if inspect.isclass(item) and ours and not member.startswith("_"):
                    yield f"{module.__name__}.{name}.{member}"


@pytest.mark.parametrize("name", list(public_objects()))
def test_docstring_is_valid(name):
    report = validate(name)
    assert report["docstring"], "no docstring"
    assert [error for error in report["errors"] if error[0] in CHECKS] == []


@pytest.mark.parametrize("name", [name for name in skgan_resample.__all__ if "Sampler" in name])
def test_every_training_states_the_papers_settings_and_its_own_betas(name):
    text = " ".join(inspect.getdoc(getattr(skgan_resample, name)).split())
    trains = "learning_rate : float" in text
    assert ("paper's settings" in text) == ("betas are (0.5, 0.9)" in text) == trains
