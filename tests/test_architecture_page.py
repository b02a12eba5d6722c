"""The sampler that the page on the architecture shows is complete, short, and works."""

import ast
import inspect
import pickle
import re
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.utils.estimator_checks import parametrize_with_checks
from samplers import assert_extends, fingerprint, images, quick, table

from skgan_resample.nn import losses, networks
from skgan_resample.nn.run import TrainingRun

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
TEXT = PAGE.read_text("utf-8")
(SOURCE,) = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE)


def class_of_the_page():
    module = types.ModuleType("lsgan_of_the_page")
    sys.modules[module.__name__] = module  # pickle looks the class up there
    exec(compile(SOURCE, str(PAGE), "exec"), module.__dict__)
    return module.LSGANSampler


LSGANSampler = class_of_the_page()


def mixed_frame():
    X, y = table(counts=(20, 8), n_features=3)
    colours = np.array(["red", "green", None])[X[:, 1].astype(int) % 3]
    return pd.DataFrame({"a": X[:, 0], "colour": colours, "n": X[:, 2].astype(int)}), y


@pytest.mark.parametrize(
    "data", [table, mixed_frame, lambda: images(8, 8), lambda: images(9, 7, 3)]
)
def test_it_resamples(data):
    X, y = data()
    sampler = quick(LSGANSampler)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert_extends(X, X_resampled)
    assert len(set(np.bincount(y_resampled))) == 1
    loaded = pickle.loads(pickle.dumps(sampler))
    rows = [fingerprint(s.sample(3, random_state=1)[0]) for s in (sampler, loaded)]
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_it_learns_which_class_is_where():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [80, 20])
    X = rng.normal(size=(100, 2)) + 8 * y[:, None]
    X_new, y_new = LSGANSampler(max_iter=200, random_state=0).fit(X, y).sample(50)
    assert np.mean((X_new.mean(axis=1) > 4) == y_new) > 0.9


def test_its_class_is_short():
    (cls,) = [node for node in ast.parse(SOURCE).body if isinstance(node, ast.ClassDef)]
    docstring = cls.body[0]
    n_lines = cls.end_lineno - cls.lineno + 1 - (docstring.end_lineno - docstring.lineno + 1)
    assert n_lines <= 70


@pytest.mark.parametrize(
    "name",
    [name for name, _ in inspect.getmembers(TrainingRun, inspect.isfunction) if name[0] != "_"],
)
def test_the_page_lists_what_a_run_offers(name):
    internal = {"step", "mean", "first"}  # what ``distributed`` replaces
    assert name in internal or f"    {name}(" in TEXT


def test_parts_that_the_page_names_exist():
    parts = TEXT.partition("Networks (`nn.networks`)")[2]
    for name in re.findall(r"`(\w{4,})(?:\(|`)", parts):
        assert hasattr(networks, name) or hasattr(losses, name), name


names, cases = parametrize_with_checks([quick(LSGANSampler)]).args


@pytest.mark.slow
@pytest.mark.parametrize(names, list(cases))
def test_it_passes_the_checks(estimator, check):
    check(estimator)
