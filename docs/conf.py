"""Sphinx's settings. Build: sphinx-build -W --keep-going -b html docs docs/_build/html.

With ``-D plot_gallery=0`` the examples are shown but not run, and the samplers of the guide's
figures are trained for two updates only: for writing, and for CI.
"""

import os
import re
import sys
import warnings
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx_gallery.sorting import ExplicitOrder

import skgan_resample

sys.path.insert(0, str(Path(__file__).parent))
import notebooks
import tables

project = "skgan_resample"
author = "skgan_resample developers"
copyright = "skgan_resample developers"
release = version = skgan_resample.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "figures", "_notebooks", "_samplers*"]
templates_path = ["_templates"]

# Pages in Markdown. Links between them are checked, those into the code lead to the repository.
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3

# The API, from the docstrings; tests/test_docstrings.py validates them.
autosummary_generate = ["api.md", "_samplers.rst"]  # the latter is written by tables.py
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_validation_checks = set()

# Figures of the guide, drawn by the scripts in figures/.
plot_basedir = "figures"
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 110)]
plot_rcparams = {"figure.constrained_layout.use": True, "font.size": 10}
plot_apply_rcparams = True

ORDER = [
    "plot_compare_with_smote.py",
    "plot_does_it_help.py",
    "plot_when_not_to_resample.py",
    "plot_quality_report.py",
    "plot_tuning.py",
    "plot_every_method.py",
    "plot_mixed_table.py",
    "plot_hidden_defects.py",
    "*",
]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Everything that is not plot_*.py takes too long or needs files; those are linked from results.
    "ignore_pattern": r"(/|^)(?!plot_)[^/]*\.py$|plot_intra_class\.py",
    "within_subsection_order": ExplicitOrder(ORDER),
    "nested_sections": False,
    "show_signature": False,
    "download_all_examples": False,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skgan_resample",),
    "min_reported_time": 5,
    "write_computation_times": False,
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "skgan_resample"
html_show_sourcelink = False
html_domain_indices = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
# No sidebar where there is nothing to put into it.
html_sidebars = {page: [] for page in ("architecture", "privacy", "contributing", "changelog")}


BAR = '<mo stretchy="false" lspace="0" rspace="0">'
SPACE = '<mspace width="0.17em"/>'


def before(app, config):
    """Write the tables; set whether the scripts in figures/ train for two updates only."""
    tables.write()
    os.environ["SKGAN_DOCS_QUICK"] = "0" if config.plot_gallery in (True, "True", "1") else "1"


def mathml(node, display):
    """Equations as MathML, which browsers draw themselves: no script, nothing to load.

    The converter takes ~ for a letter, leaves no space around the name of a function, and stretches
    the bars of norms on one side only.
    """
    equation = convert(node.astext(), display=display)
    equation = equation.replace("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>")
    equation = re.sub("<mo>(?=&#x02016;|&#x0007C;)", BAR, equation)
    equation = re.sub("(</mn>|</msub>|&#x00029;</mo>)<mi>log", rf"\1{SPACE}<mi>log", equation)
    return re.sub("<mi>log</mi>(?!<mo stretchy)", "<mi>log</mi>" + SPACE, equation)


def inline_math(translator, node):
    """An equation in a line of text."""
    translator.body.append(mathml(node, "inline"))
    raise SkipNode


def block_math(translator, node):
    """One on a line of its own."""
    equation = mathml(node, "block")
    translator.body.append(f'<div class="equation">{equation}</div>\n')
    raise SkipNode


def setup(app):
    # A name of an example's own is no problem of the reader's.
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    app.connect("config-inited", before)
    app.connect("source-read", notebooks.link_notebook)
    app.add_html_math_renderer("mathml", (inline_math, None), (block_math, None))
