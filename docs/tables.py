"""Tables of samplers, made from the docstrings; ``python docs/tables.py`` writes that of README.

``docs/conf.py`` writes those of the guide and of the API page at every build. A sampler that
trains nothing is a baseline, and stands apart.
"""

import inspect
import re
from pathlib import Path

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
    """First of the references, linked if it has a number of arXiv or a DOI; "" without any."""
    found = re.search(r"\.\. \[1\] (.*?)(?=\n\.\. \[|\n\n|\Z)", inspect.getdoc(sampler), re.DOTALL)
    if found is None:
        return ""
    text = " ".join(found[1].split()).rstrip(".")
    text, _, link = re.sub(r", (arXiv|doi):", r"\n\1:", text).partition("\n")
    kind, _, number = link.partition(":")
    return f"[{text}]({LINKS[kind]}{number})" if link else text


def data(sampler):
    """What a sampler takes, by its parameters."""
    kinds = {"categorical_features": "tables", "image_shape": "images"}
    known = inspect.signature(sampler).parameters
    return " and ".join(kind for parameter, kind in kinds.items() if parameter in known)


def markdown(name="`{}`"):
    """The baselines, a paragraph each, and the table of the papers' methods, a line each."""
    lines = []
    for sampler in samplers():
        own = name.format(sampler.__name__)
        if is_baseline(sampler):
            lines.append(f"The baseline, for {data(sampler)}: {own}, {summary(sampler)}.\n")
        else:
            lines.append(f"| {own} | {paper(sampler)} | {summary(sampler)} | {data(sampler)} |")
    head = ["| sampler | paper | method | data |", "|---|---|---|---|"]
    first = sum(not line.startswith("|") for line in lines)
    return "\n".join([*lines[:first], *head, *lines[first:]]) + "\n"


def autosummary():
    """The list of samplers of the API page."""
    options = "   :toctree: generated\n   :nosignatures:\n"
    names = "\n".join(f"   {sampler.__name__}" for sampler in samplers())
    return f".. currentmodule:: skgan_resample\n\n.. autosummary::\n{options}\n{names}\n"


def readme(text):
    """README with the table of today."""
    return MARKED.sub(lambda found: found[1] + markdown() + found[2], text)


def write():
    """What the site includes."""
    name = "{{py:class}}`~skgan_resample.{}`"
    page = f'<div class="stacked">\n\n{markdown(name)}\n</div>\n'  # a block for each row on a phone
    (HERE / "_samplers.md").write_text(page, encoding="utf-8")
    (HERE / "_samplers.rst").write_text(autosummary(), encoding="utf-8")


if __name__ == "__main__":
    README.write_text(readme(README.read_text("utf-8")), encoding="utf-8")
