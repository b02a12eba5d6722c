"""Colours that the colour-blind can distinguish, and figures of the right size."""

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

REAL, SYNTHETIC, GREY = "#0072B2", "#D55E00", "#777777"
# Okabe & Ito's palette, less yellow and black, which vanish on white and on black
_FEW = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999"]


def colours(n):
    """Colours for n classes: distinct ones for a few, else shades of viridis."""
    import matplotlib

    if n <= len(_FEW):
        return _FEW[:n]
    return [matplotlib.colormaps["viridis"](shade) for shade in np.linspace(0, 0.93, n)]


def panels(display, ax, n_rows, n_columns, size, **shared):
    """Axes of shape (n_rows, n_columns), in a new figure of ``size`` inches or in place of ``ax``.

    Sets ``figure_``, ``ax_`` and ``axes_`` of the display; ``shared`` is for ``subplots``.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    import matplotlib.pyplot as plt

    if ax is None:
        new = {"figsize": size, "layout": "constrained", "squeeze": False}
        figure, axes = plt.subplots(n_rows, n_columns, **new, **shared)
    else:
        figure, axes = ax.figure, np.array([[ax]])
        if n_rows * n_columns > 1:
            ax.set_axis_off()
            if ax.get_subplotspec() is None:  # as of figure.add_axes
                (left, bottom), (right, top) = ax.get_position().get_points()
                place = {"left": left, "bottom": bottom, "right": right, "top": top}
                grid = figure.add_gridspec(n_rows, n_columns, **place)
            else:
                grid = ax.get_subplotspec().subgridspec(n_rows, n_columns)
            axes = grid.subplots(squeeze=False, **shared)
    display.figure_, display.axes_ = figure, axes
    display.ax_ = axes[0, 0] if ax is None else ax
    return axes


def legend_above(display):
    """The legend of the fullest panel above all, or above the first in a layout of another's."""
    legends = [ax.get_legend_handles_labels()[0] for ax in display.axes_.flat]
    handles = max(legends, key=len)
    placed = {"handles": handles, "ncols": len(handles), "frameon": False}
    if display.figure_.get_layout_engine() is not None:
        display.figure_.legend(loc="outside upper center", **placed)
    else:
        display.axes_[0, 0].legend(loc="lower left", bbox_to_anchor=(0, 1.1), **placed)
