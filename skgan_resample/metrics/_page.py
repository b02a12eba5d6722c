"""A quality report as one HTML page that needs no other file."""

from base64 import b64encode
from html import escape
from io import BytesIO
from string import Template

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from ._tables import as_frame

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Quality report: $name</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: 0.8rem }
th, td { border: 0; border-bottom: 1px solid #8886; padding: 0.2rem 0.35rem; text-align: right }
th { vertical-align: bottom }
img { max-width: max(100%, 40rem) } code { white-space: pre-wrap }
</style></head><body>
<h1>Quality report: $name</h1>
<p><code>$sampler</code></p>
<h2>In words</h2>
<ul>$words</ul>
<h2>By class</h2>
<p>A floor is what other real samples reach in the same number. Scores are those of
<code>skgan_resample.metrics</code>.</p>
<div class="wide">$table</div>
$figures
</body></html>
""")


def page(report):
    """The page of a QualityReport."""
    check_matplotlib_support("QualityReport.to_html")
    words = [f"Class {label}: {text}." for label, text in report.table["remarks"].items()]
    words += [f"The sampler warns: {warning}" for warning in report.warnings]
    if report.efficacy is not None:
        words.append(
            "Trained on these samples a classifier scores {:.3f} on real ones, on one Gaussian "
            "per class {:.3f}, on real samples {:.3f}.".format(*report.efficacy)
        )
    table = report.table.drop(columns="remarks").dropna(axis=1, how="all")
    table.columns = table.columns.str.replace("_", " ")
    return _PAGE.substitute(
        name=escape(type(report.sampler).__name__),
        sampler=escape(repr(report.sampler)),
        words="".join(f"<li>{escape(line)}</li>" for line in words),
        table=table.to_html(float_format="{:.3f}".format, na_rep="", border=0, index_names=False),
        figures="".join(f"<h2>{title}</h2>{_image(title, fig)}" for title, fig in _figures(report)),
    )


def _figures(report):
    """Titles and figures."""
    from ..plotting import SyntheticSamplesDisplay, TrainingHistoryDisplay

    X, y, X_new, y_new = report.samples
    compared = report.table["coverage"].notna().any()
    if not report.is_table:
        shape = None if np.ndim(X) > 2 else report.sampler.image_shape
        samples = SyntheticSamplesDisplay(X, y, X_new, y_new, image_shape=shape)
        yield "Real and generated images", samples.plot().figure_
    elif len(y_new) and (numbers := as_frame(X).select_dtypes("number", "timedelta")).shape[1]:
        samples = SyntheticSamplesDisplay(numbers, y, as_frame(X_new)[numbers.columns], y_new)
        yield "Real and generated columns", samples.plot().figure_
        if compared and numbers.shape[1] > 1:
            yield "Correlations", samples.plot(kind="correlations").figure_
    if compared:
        yield "Coverage and near-copies", _coverage(report.table)
    if any(len(values) for values in getattr(report.sampler, "history_", {}).values()):
        history = TrainingHistoryDisplay(report.sampler.history_)
        yield "Training", history.plot().figure_


def _coverage(table):
    """Coverage beside its floor, and the share of near-copies, by class."""
    shares = table[["coverage", "coverage_floor", "near_copies"]].dropna().iloc[::-1]
    panel = shares.plot.barh(xlim=(0, 1), figsize=(6.4, 0.4 * len(shares) + 1.5))
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    return panel.figure


def _image(title, figure):
    """A figure as an image within the page."""
    import matplotlib.pyplot as plt

    with BytesIO() as file:
        figure.savefig(file, dpi=100, bbox_inches="tight")
        plt.close(figure)
        data = b64encode(file.getvalue()).decode()
    return f'<div class="wide"><img src="data:image/png;base64,{data}" alt="{title}"></div>'
