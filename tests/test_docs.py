"""The site names everything public, has a section for each sampler, and its first steps run."""

import contextlib
import io
import re
from pathlib import Path

import pytest
from samplers import ALL_SAMPLERS

import skgan_resample
from skgan_resample import comparison, metrics

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted((DOCS / "start").glob("*.md"))
BLOCKS = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    [name for name in skgan_resample.__all__ if name not in {"__version__", "metrics"}]
    + [f"metrics.{name}" for name in metrics.__all__]
    + [f"comparison.{name}" for name in comparison.__all__ if name != "compare_samplers"],
)
def test_public_names_stand_on_the_api_page(name):
    assert f"   {name}" in (DOCS / "api.md").read_text("utf-8").splitlines()


@pytest.mark.parametrize("Sampler", ALL_SAMPLERS)
def test_samplers_have_a_section_in_the_guide(Sampler):
    guide = (DOCS / "guide" / "index.md").read_text("utf-8")
    section = guide.partition(f"## {Sampler.__name__}\n")[2].partition("\n## ")[0]
    assert ".. plot:: plane.py" in section


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
