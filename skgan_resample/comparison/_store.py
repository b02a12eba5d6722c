"""Results on disk: a CSV file that grows with every fold and survives being killed."""

import csv
import os
import re
from pathlib import Path

import joblib

COLUMNS = [
    *["dataset", "sampler", "classifier", "split", "metric", "value"],
    *["fit_seconds", "n_generated", "error"],
]
_IN_FILE = [*COLUMNS, "fingerprint"]


def fingerprint(*parts):
    """Identify a result by what it depends on: arrays by content, estimators by parameters."""
    return joblib.hash([_described(part) for part in parts])


def _described(part):
    if hasattr(part, "get_params"):
        part = part.__repr__(N_CHAR_MAX=10**6)
    elif isinstance(part, dict):
        part = repr(part)
    return re.sub(r" at 0x[0-9a-f]+", "", part) if isinstance(part, str) else part


def read(path):
    """Rows of the file by fingerprint; a last line that was cut off is removed from the file.

    Parameters
    ----------
    path : path-like or None
        The file, which need not exist.

    Returns
    -------
    done : dict of str to dict
        Rows as they were written, numbers as numbers, by fingerprint and metric.
    """
    if path is None or not Path(path).exists():
        return {}
    with open(path, "r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames not in (None, _IN_FILE):
            raise ValueError(
                f"Got path={os.fspath(path)!r}, whose columns are {reader.fieldnames}, but "
                "expected a new file or one that compare_samplers has written."
            )
        done: dict = {}
        for row in reader:
            done.setdefault(row.pop("fingerprint"), {})[row["metric"]] = _typed(row)
    return done


def append(path, rows):
    """Add rows to the file at once; they hold a fingerprint, too.

    Parameters
    ----------
    path : path-like or None
        The file; None writes nothing.
    rows : list of dict
        Rows to be written.
    """
    if path is None:
        return
    with open(path, "a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _IN_FILE)
        if not file.tell():
            writer.writeheader()
        writer.writerows(rows)


def _typed(row):
    return row | {
        "split": int(row["split"]),
        "value": float(row["value"]),
        "fit_seconds": float(row["fit_seconds"]),
        "n_generated": int(row["n_generated"]),
    }
