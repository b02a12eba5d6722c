"""A notebook of each page of ``docs/start`` that has code, for download.

``docs/conf.py`` writes them at every build, and puts a link below the title of the page.
"""

import json
import re
from pathlib import Path
from urllib.parse import urljoin

FOLDER = Path(__file__).parent / "_notebooks"
SITE = "https://skgan-resample.readthedocs.io/en/stable/start/"
# Code, and the output right below it
BLOCK = re.compile(r"^```python\n(.*?)\n```$(?:\n\n```text\n.*?^```$)?", re.DOTALL | re.MULTILINE)


def on_site(link):
    """A relative link to a page, as an address of the site."""
    return f"]({urljoin(SITE, re.sub(r'[.](md|rst)(?=#|$)', '.html', link[1]))})"


def cell(kind, text):
    """One cell of nbformat 4; text ends without a newline."""
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True), **code}


def notebook(page):
    """The Markdown of a page as a notebook, without output."""
    pieces = [piece.strip("\n") for piece in BLOCK.split(page)]
    pieces[::2] = [re.sub(r"\]\((?!https?:)([^)]+)\)", on_site, text) for text in pieces[::2]]
    kinds = ["markdown", "code"] * len(pieces)
    cells = [cell(kind, text) for kind, text in zip(kinds, pieces, strict=False) if text]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def link_notebook(app, name, source):
    """Write the notebook of a page of start/, and link it; for Sphinx's event source-read."""
    if name.startswith("start/") and BLOCK.search(source[0]):
        FOLDER.mkdir(exist_ok=True)
        target = FOLDER / f"{Path(name).name}.ipynb"
        target.write_text(json.dumps(notebook(source[0]), indent=1), encoding="utf-8")
        link = f"{{download}}`Download this page as a notebook </_notebooks/{target.name}>`"
        source[0] = re.sub(r"\A(# .*\n)", rf"\1\n{link}\n", source[0])
