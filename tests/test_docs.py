"""The site names everything public: a name on the API page, a picture and section per sampler."""

from pathlib import Path

import pytest
from samplers import ALL_SAMPLERS

import skgan_resample
from skgan_resample import comparison, metrics

DOCS = Path(__file__).parents[1] / "docs"


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
