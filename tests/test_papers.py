"""The papers' scripts run from end to end: tiny noise in the place of images."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

pytestmark = pytest.mark.slow

PAPERS = Path(__file__).parents[1] / "examples" / "papers"
TINY = ["--quick", "--seeds", "0", "--max-iter", "4", "--evaluator-iter", "2"]
SCRIPTS = ["bagan_gp", "scdl", "bagan_ida", "cgan_cyclegan"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call a script's main with a folder of noise, and return the folder of its output."""
    pytest.importorskip("matplotlib").use("Agg")
    quicker = PCA(2).fit_transform
    monkeypatch.setattr("sklearn.manifold.TSNE.fit_transform", lambda self, X: quicker(X))
    rng = np.random.default_rng(0)
    for name, n, channels in (("ten", 10, ()), ("sheep_horse_64", 2, (3,))):
        y = np.repeat(np.arange(n), 15 if n == 10 else 84)
        x = rng.integers(0, 256, (len(y), 8, 8, *channels)).astype(np.uint8)
        np.savez(tmp_path / name, x=x, y=y)

    def run(script, *options):
        monkeypatch.syspath_prepend(str(PAPERS))
        paths = ["--fashion", tmp_path / "ten.npz", "--data", tmp_path, "--output", tmp_path]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # networks that have learnt nothing
            importlib.import_module(script).main([*map(str, [*TINY, *paths, *options])])
        return tmp_path

    return run


@pytest.mark.parametrize("script", SCRIPTS)
def test_help(script, run, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(script, "--help")
    assert "--quick" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "more", "file", "column", "found"),
    [
        ("bagan_gp", ["--sets", "fashion"], "bagan-gp", "system", 11),
        (
            "scdl",
            ["--profile", *[6] * 9, 4, "--fill", 8, "--evaluated", 4, "--cnn-iter", 2],
            "scdl-evaluated",
            "sampler",
            4,
        ),
        ("bagan_ida", ["--rows", 9], "bagan-ida-trained", "filled_with", 9),
        ("cgan_cyclegan", ["--epochs", 1, "--add", 4, 6, 8], "cgan", "training_set", 7),
    ],
)
def test_every_system_is_scored(script, more, file, column, found, run):
    folder = run(script, *more)
    scores = pd.read_csv(folder / f"{file}.csv")
    assert scores[column].nunique() == found
    assert not scores.isna().any(axis=None)
    assert list(folder.glob("*.png"))


def test_balanced_classes_alone(run, capsys):
    scores = pd.read_csv(run("bagan_gp", "--sets", "balanced") / "bagan-gp.csv")
    assert set(scores["system"]) == {"BAGAN", "v3", "real"}
    assert "nan" not in capsys.readouterr().out  # one seed has no spread
