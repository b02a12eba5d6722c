"""The site lists all public names, its tables are those of the classes, its code runs.

Its words, and those of the package, are the words of the field.
"""

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


def script(name):
    """A module of the folder of the docs."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables, notebooks = script("tables"), script("notebooks")
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


def test_the_page_of_scores_calls_each_of_them():
    calls = set(re.findall(r"\| `m\.(\w+)\(", (DOCS / "start" / "scores.md").read_text("utf-8")))
    functions = {name for name in metrics.__all__ if name.islower()}
    assert calls == functions - {"quality_report", "with_real_floor"}


def test_the_table_of_the_readme_is_that_of_the_classes():
    text = README.read_text("utf-8")
    assert text == tables.readme(text), "python docs/tables.py brings it up to date"


def test_every_sampler_has_its_page_in_the_guide():
    names = {sampler.__name__ for sampler in tables.samplers()}
    listed = (DOCS / "guide" / "index.md").read_text("utf-8").split()
    assert {page.stem for page in (DOCS / "guide").glob("*Sampler.md")} == names <= set(listed)


@pytest.mark.parametrize("sampler", tables.samplers(), ids=lambda sampler: sampler.__name__)
def test_a_page_of_the_guide_has_the_paper_and_every_parameter(sampler):
    tabled = tables.parameters(sampler, shared=True) + tables.parameters(sampler, shared=False)
    shown = re.findall(r"^   \* - ``(\w+)=", tabled, flags=re.MULTILINE)
    assert sorted(shown) == sorted(inspect.signature(sampler).parameters)
    assert tables.is_baseline(sampler) or tables.paper(sampler)[1].startswith("https://")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_notebook_of_a_page_has_its_code_and_links_to_the_site(page):
    text = page.read_text("utf-8")
    cells = notebooks.notebook(text)["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert code == [source.rstrip("\n") for source, _ in BLOCKS.findall(text)]
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert re.findall(r"\]\((?!https:)", prose) == []
    assert text.count("](") == prose.count("](")


def run(page, *, optional=False):
    """Run the blocks of a page one after the other; text right below one is its output.

    Those that import skore, which the extra of the tests does not bring, are optional.
    """
    names = {}
    for source, shown in BLOCKS.findall(page.read_text("utf-8")):
        if "import skore\n" in source and not optional:
            continue
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(source, names)
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert not shown or lines == shown.splitlines()
    return names


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_its_code_prints(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)


@pytest.mark.slow
def test_skore_reports_on_samplers_and_its_scores_can_be_compared(tmp_path, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.chdir(tmp_path)
    with plt.ioff():  # skore turns it on when it is imported
        skore = pytest.importorskip("skore")
        names = run(DOCS / "start" / "pipelines.md", optional=True)
        result, reports = names["result"], names["report"].reports_
        assert result.test_to_train == {"data": 0.25}
        assert len(result.tests("none")) == 1
        assert len(result.plot().get_lines())
        plt.close("all")
        project = skore.Project("samplers", workspace=tmp_path)
        project.put("RowMix", reports["RowMix"])
        (_, key), *_ = project.summarize().frame().index
        fitted = project.get(key).reports_[0].estimator_
        assert fitted["sampler"].sample({0: 2})[0].shape == (2, names["X"].shape[1])
        with skore.configuration(show_progress=False):
            assert reports["RowMix"].checks.summarize(fast_mode=True)._repr_html_()


def test_every_page_of_the_start_is_read():
    assert {"install", "tour", "when-not", "which-sampler"} < {page.stem for page in PAGES}
    assert sum(len(BLOCKS.findall(page.read_text("utf-8"))) for page in PAGES) > 15


# Words that readers had to translate, and what the field says in place of them
PRIVATE = {
    "anchor(s|ed|ing)": "interpolation between samples",
    "borrow(s|ed|ing)?": "residuals pooled over classes",
    "doses?": "noise scale",
    "drafts?": "candidate",
    "games?": "adversarial training",
    "judg(e|es|ed|ing|ements?)": "evaluation classifier",
    "laws?": "distribution",
    "lenders?": "residuals pooled over classes",
    "players?": "generator and discriminator",
    "settl(e|es|ed|ing)": "round",
}
ROOT = DOCS.parent
PROSE = [README, ROOT / ".github" / "CONTRIBUTING.md", *DOCS.glob("*.md")]
PROSE += [path for name in ("guide", "results", "start") for path in (DOCS / name).glob("*.md")]
CODE = [path for name in ("skgan_resample", "examples") for path in (ROOT / name).rglob("*.py")]


def found(pattern, paths):
    """(file, line) of every match, whatever stands around it but letters."""
    pattern = re.compile(pattern, re.IGNORECASE)
    return [
        (path.relative_to(ROOT).as_posix(), line)
        for path in paths
        for line in path.read_text("utf-8").splitlines()
        if pattern.search(line)
    ]


@pytest.mark.parametrize("word", PRIVATE)
def test_words_are_those_of_the_field(word):
    assert found(f"(?<![a-z]){word}(?![a-z])", PROSE + CODE) == [], f"write: {PRIVATE[word]}"


def test_numbers_below_one_begin_with_a_zero():
    tests = (ROOT / "tests").rglob("*.py")
    assert found(r"(?<![^\s(|/-])[.]\d", [*PROSE, *CODE, *tests, ROOT / "CHANGELOG.md"]) == []
