"""The benchmark of a GPU runs from end to end: on the CPU, with little data."""

import importlib
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[1] / "examples" / "benchmarks"


@pytest.mark.filterwarnings("ignore")  # of what noise looks like
def test_every_part_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    gpu, output = importlib.import_module("gpu"), tmp_path / "found"
    gpu.main(["--dry", "--samplers", "CGANSampler", "GANSampler", "--output", str(output)])
    found = json.loads(output.with_suffix(".json").read_text())
    assert [*found] == ["device", "torch", *(part.__name__ for part in gpu.PARTS)]
    rows = [row for part in gpu.PARTS for row in found[part.__name__]]
    assert not any({"failed", "stopped"} & row.keys() for row in rows), rows
    assert all(row["agrees"] and row["largest"] == 0 for row in found["agreement"])
    assert len(output.with_suffix(".txt").read_text().splitlines()) == 1 + len(rows)
    assert f"agreement: {gpu.told(found['agreement'][0])}" in capsys.readouterr().out


def test_the_run_ends_with_the_time_and_says_so(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    gpu = importlib.import_module("gpu")
    found = gpu.main(
        [
            "--dry",
            "--minutes",
            "0",
            "--samplers",
            "CGANSampler",
            "--output",
            str(tmp_path / "found"),
        ]
    )
    assert [*found] == ["device", "torch", "agreement"]
    assert len(found["agreement"]) == 2
    assert found["agreement"][-1] == {"stopped": "the time was over"}
