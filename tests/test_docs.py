"""The site names everything public, its tables are those of the classes, its first steps run."""

import contextlib
import importlib.util
import inspect
import io
import re
from pathlib import Path

import pytest

import skgan_resample
from skgan_resample import comparison, metrics

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
PAGES = sorted((DOCS / "start").glob("*.md"))
SPEC = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
tables = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tables)
BLOCKS = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in skgan_resample.__all__
        if name != "__version__" and not inspect.ismodule(getattr(skgan_resample, name))
    ]
    + ["distributed.fit", *(f"metrics.{name}" for name in metrics.__all__)]
    + [f"comparison.{name}" for name in comparison.__all__ if name != "compare_samplers"],
)
def test_public_names_stand_on_the_api_page(name):
    page = (DOCS / "api.md").read_text("utf-8") + tables.autosummary()
    assert f"   {name}" in page.splitlines()


def test_the_table_of_the_readme_is_that_of_the_classes():
    text = README.read_text("utf-8")
    assert tables.markdown() in text
    assert text == tables.readme(text), "python docs/tables.py brings it up to date"


def test_every_sampler_has_its_page_in_the_guide():
    names = {sampler.__name__ for sampler in tables.samplers()}
    listed = (DOCS / "guide" / "index.md").read_text("utf-8").split()
    assert {page.stem for page in (DOCS / "guide").glob("*Sampler.md")} == names <= set(listed)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_its_code_prints(page, tmp_path, monkeypatch):
    """The blocks of a page run one after the other; text right below one is its output."""
    monkeypatch.chdir(tmp_path)
    names = {}
    for source, shown in BLOCKS.findall(page.read_text("utf-8")):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(source, names)
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert not shown or lines == shown.splitlines()


def test_every_page_of_the_start_is_read():
    assert {"install", "tour", "when-not", "which-sampler"} < {page.stem for page in PAGES}
    assert sum(len(BLOCKS.findall(page.read_text("utf-8"))) for page in PAGES) > 15
