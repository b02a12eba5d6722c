from importlib import metadata

import numpy as np
import torch

import skgan_resample
from skgan_resample import show_versions


def printed_rows(capsys):
    show_versions()
    lines = capsys.readouterr().out.splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if ": " in line)


def test_versions_are_those_of_the_imported_packages(capsys, untouched_globals):
    rows = printed_rows(capsys)
    assert rows["skgan-resample"] == skgan_resample.__version__
    assert rows["numpy"] == np.__version__
    # as installed; PyPI's wheels leave out the "+cu124" that torch itself adds
    assert rows["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert rows["python"].startswith("3.")
    dependencies = {"scipy", "scikit-learn", "imbalanced-learn", "joblib", "tqdm"}
    optional = {"pandas", "polars", "matplotlib", "lightning-fabric"}
    assert dependencies | optional < set(rows)


def test_torch_tells_what_it_runs_on(capsys):
    rows = printed_rows(capsys)
    assert rows["CUDA version"] == str(torch.version.cuda)
    assert rows["threads"] == str(torch.get_num_threads())
    assert rows["MPS available"] == str(torch.backends.mps.is_available())
    assert (rows["CUDA devices"] == "None") == (torch.cuda.device_count() == 0)


def test_cuda_devices_are_named(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    assert printed_rows(capsys)["CUDA devices"] == "card 0, card 1"


def test_an_absent_package_is_none(capsys, monkeypatch):
    sound = metadata.version

    def without_polars(name):
        if name == "polars":
            raise metadata.PackageNotFoundError
        return sound(name)

    monkeypatch.setattr(metadata, "version", without_polars)
    rows = printed_rows(capsys)
    assert rows["polars"] == "None"
    assert rows["numpy"] == np.__version__
