"""Tables of samplers, made from the docstrings; ``python docs/tables.py`` writes that of README.

``docs/conf.py`` writes those of the site at every build: of the guide, of the API page, and the
paper and the parameters of each sampler's page. A sampler that trains nothing is a baseline, and
stands apart.
"""

import inspect
import re
from pathlib import Path

from numpydoc.docscrape import ClassDoc

import skgan_resample

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
MARKED = re.compile(r"(<!-- SAMPLERS -->\n).*?(<!-- /SAMPLERS -->)", re.DOTALL)
LINKS = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}


def samplers():
    """Public samplers, the baselines first, else by name."""
    names = [name for name in skgan_resample.__all__ if name.endswith("Sampler")]
    return sorted(
        (getattr(skgan_resample, name) for name in names),
        key=lambda sampler: (not is_baseline(sampler), sampler.__name__),
    )


def is_baseline(sampler):
    """Whether nothing is trained."""
    return "max_iter" not in inspect.signature(sampler).parameters


def summary(sampler):
    """First sentence of the docstring, without what all have in common."""
    line = inspect.getdoc(sampler).split("\n")[0].rstrip(".")
    return re.sub(r"^Over-sample (with|by) ", "", line)


def paper(sampler):
    """(text, address) of the first of the references, by its number of arXiv or its DOI."""
    found = re.search(r"\.\. \[1\] (.*?)(?=\n\.\. \[|\n\n|\Z)", inspect.getdoc(sampler), re.DOTALL)
    text, kind, number = re.split(r", (arXiv|doi):", " ".join(found[1].split()).rstrip("."))
    return text, LINKS[kind] + number


def markdown(folder):
    """The baselines, a paragraph each, and the table of the papers' methods, a line each."""
    lines, rows = [], ["| sampler | paper | method |", "|---|---|---|"]
    for sampler in samplers():
        own = f"[`{sampler.__name__}`]({folder}{sampler.__name__}.md)"
        if is_baseline(sampler):
            lines.append(f"{own} is the baseline: {summary(sampler)}.\n")
        else:
            text, address = paper(sampler)
            rows.append(f"| {own} | [{text}]({address}) | {summary(sampler)} |")
    return "\n".join([*lines, *rows]) + "\n"


def common():
    """Names of the parameters that every sampler of a paper has."""
    trained = [sampler for sampler in samplers() if not is_baseline(sampler)]
    return set.intersection(*(set(inspect.signature(sampler).parameters) for sampler in trained))


def parameters(sampler, *, shared):
    """Table of a sampler's parameters, those that all have or its own; "" if there are none."""
    signature, names = inspect.signature(sampler).parameters, common()
    rows = ""
    for name, _, lines in ClassDoc(sampler)["Parameters"]:
        if (name in names) == shared:
            text = "\n       ".join(re.sub(r" ?\[\d\]_", "", line) for line in lines)
            rows += f"   * - ``{name}={signature[name].default!r}``\n     - {text}\n"
    options = ":header-rows: 1\n   :class: stacked\n"
    return rows and f".. list-table::\n   {options}\n   * - parameter\n     - meaning\n{rows}\n"


def facts(sampler):
    """End of a sampler's page: paper, reference, its own parameters."""
    own = parameters(sampler, shared=False)
    source = "" if is_baseline(sampler) else "Paper: `{} <{}>`__.\n\n".format(*paper(sampler))
    intro = "Its own parameters, beside those that `all samplers have <index.html#parameters>`__:"
    name = f"skgan_resample.{sampler.__name__}"
    return f"{source}Reference: :class:`{name}`.\n\n" + (own and f"{intro}\n\n{own}")


def autosummary():
    """The list of samplers of the API page."""
    options = "   :toctree: generated\n   :nosignatures:\n"
    names = "\n".join(f"   {sampler.__name__}" for sampler in samplers())
    return f".. currentmodule:: skgan_resample\n\n.. autosummary::\n{options}\n{names}\n"


def readme(text):
    """README with the current table."""
    table = markdown("docs/guide/")
    return MARKED.sub(lambda found: found[1] + table + found[2], text)


def write():
    """Write the files that the site includes."""
    folder = HERE / "_samplers"
    folder.mkdir(exist_ok=True)
    # on a phone each row is a block
    pages = {"table.md": f'<div class="stacked">\n\n{markdown("")}\n</div>\n'}
    pages |= {"parameters.rst": parameters(samplers()[-1], shared=True)}
    pages |= {f"{sampler.__name__}.rst": facts(sampler) for sampler in samplers()}
    # so that its stubs are in docs/generated
    (HERE / "_samplers.rst").write_text(autosummary(), encoding="utf-8")
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    README.write_text(readme(README.read_text("utf-8")), encoding="utf-8")
