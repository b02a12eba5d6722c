"""The README promises commands, names and links: they have to exist."""

import ast
import contextlib
import doctest
import importlib
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skgan_resample

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def marked(name):
    return re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, flags=re.DOTALL)


def test_the_example_command_runs_a_file_that_exists():
    (text,) = marked("example-command")
    assert "python3 -m venv .venv" in text
    (script,) = re.findall(r"\bexamples/\S+\.py\b", text)
    assert (ROOT / script).is_file()


def test_the_test_command_is_one_marked_block():
    (text,) = marked("test-command")
    assert text.count("```bash\n") == 1
    assert "python3 -m venv .venv" in text
    assert "-c constraints.txt -e '.[tests]'" in text
    assert ".venv/bin/pytest" in text


def test_ci_runs_the_quick_tests_and_then_the_slow_ones():
    slow, script = ".venv/bin/pytest -n 2 -m slow", (ROOT / ".ci" / "run").read_text("utf-8")
    assert f"`{slow}`" in README
    assert script.index('"$test_command"') < script.index(slow)


def test_samplers_in_the_readme_are_the_public_ones():
    named = set(re.findall(r"\b\w+Sampler\b", README))
    public = {name for name in skgan_resample.__all__ if name.endswith("Sampler")}
    assert named == public - {"BaseGANSampler"}


@pytest.mark.parametrize("source", blocks("python"))
def test_python_blocks_import_what_exists(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names)


def births(n=120):
    """A made table with the columns of the README's CSV, and categories and numbers missing."""
    rng = np.random.default_rng(0)
    numbers = {name: rng.integers(10, 60, n) for name in ("mage", "weeks", "gained", "weight")}
    texts = {"premie": ["full term", "premie"], "habit": ["smoker", "nonsmoker"]}
    table = pd.DataFrame(numbers | {name: rng.choice(known, n) for name, known in texts.items()})
    table = table.mask(rng.random(table.shape) < 0.1)
    return table.assign(lowbirthweight=np.where(np.arange(n) % 6, "not low", "low"))


@pytest.mark.slow
def test_the_first_lines_of_code_run_on_a_csv(tmp_path):
    """On a local one: what stands below them in the README came from the CSV of the address."""
    births().to_csv(tmp_path / "births.csv")
    (source,) = blocks("python")
    source = re.sub(r'"https://.*csv"', repr(str(tmp_path / "births.csv")), source)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(source, names := {})
    assert names["y_more"].value_counts().tolist() == [100, 100]
    (shown,) = blocks("text")
    rows, shown_rows = printed.getvalue().splitlines(), shown.splitlines()
    assert [re.split(" {2,}", row)[0] for row in rows] == [
        re.split(" {2,}", row)[0] for row in shown_rows
    ]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 110


def test_relative_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.slow
def test_the_page_on_privacy_shows_what_it_prints():
    result = doctest.testfile(
        str(ROOT / "docs/privacy.md"), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert result.attempted == 9
    assert not result.failed
