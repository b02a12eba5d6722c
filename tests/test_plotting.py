"""Displays: what they show is what they were given, for few classes and for many."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE
from matplotlib.colors import to_hex
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from test_comparison_statistics import AUC, result

from skgan_resample import (
    BAGANGPSampler,
    CGANSampler,
    RowMixSampler,
    SubclassDiscovery,
    SubclassDisplay,
    SyntheticSamplesDisplay,
    TrainingHistoryDisplay,
    compare_samplers,
)
from skgan_resample.comparison._plot import critical_difference
from skgan_resample.metrics import quality_report

few_and_many = pytest.mark.parametrize("n_classes", [2, 43])


@pytest.fixture(autouse=True)
def _same_settings_and_no_figures_left():
    before = dict(plt.rcParams)
    yield
    assert dict(plt.rcParams) == before
    plt.close("all")


def rows(n_classes, n=5, d=7, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_classes), n)
    return rng.normal(size=(len(y), d)) + y[:, None], y


def drawn(display):
    """Draw for real: layout and labels are computed only then."""
    display.figure_.canvas.draw()
    return display


# Training ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    return CGANSampler(max_iter=30, random_state=0).fit(*rows(3, 20))


def test_history_shows_every_loss(fitted):
    display = drawn(TrainingHistoryDisplay.from_estimator(fitted))
    shown = {panel.get_title(): panel for panel in display.axes_.flat}
    assert list(shown) == ["discriminator loss", "generator loss"]
    curve, mean = shown["discriminator loss"].lines
    np.testing.assert_array_equal(curve.get_ydata(), fitted.history_["discriminator"])
    assert curve.get_xdata()[[0, -1]].tolist() == [1, 30]
    assert mean.get_ydata()[0] == pytest.approx(fitted.history_["discriminator"][:1].mean())


def test_running_mean_lies_in_the_middle_of_its_window():
    display = TrainingHistoryDisplay({"g": np.arange(1.0, 201.0)}).plot()
    mean = display.axes_[0, 0].lines[1]
    np.testing.assert_allclose(mean.get_xdata(), mean.get_ydata())  # of a straight line: itself
    assert display.axes_[0, 0].get_yscale() == "log"


@few_and_many
def test_several_series_are_told_apart(n_classes):
    impacts = np.random.default_rng(0).random((20, n_classes))
    display = drawn(TrainingHistoryDisplay({"impacts": impacts}).plot())
    panel = display.axes_[0, 0]
    assert len({to_hex(line.get_color()) for line in panel.lines}) == n_classes
    legend = panel.get_legend()
    names = [int(text.get_text()) for text in legend.get_texts()]
    assert len(names) == min(n_classes, 9)  # of 43 each fifth
    for name, line in zip(names, legend.get_lines(), strict=True):
        assert line.get_color() == panel.lines[name].get_color()


def test_columns_of_generated_frames_are_those_of_the_discovery():
    X = pd.DataFrame(rows(2, 40, 2)[0], columns=["a", "b"])
    discovery = SubclassDiscovery(2, embedding=PCA(2), random_state=0).fit(X)
    assert (SubclassDisplay.from_estimator(discovery, X).errors_ == 0).all()
    with pytest.raises(ValueError, match="feature names should match"):
        SubclassDisplay.from_estimator(discovery, X[["b", "a"]])


def test_history_of_an_unfitted_or_untrained_sampler():
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(CGANSampler())
    with pytest.raises(TypeError, match="Got RowMixSampler, which trains no network"):
        TrainingHistoryDisplay.from_estimator(RowMixSampler().fit(*rows(2, 9)))
    untrained = CGANSampler(max_iter=0, random_state=0).fit(*rows(2, 9))
    drawn(TrainingHistoryDisplay.from_estimator(untrained))


# Rows and images -------------------------------------------------------------------------------


@pytest.mark.slow
@few_and_many
def test_marginals_are_quantiles_of_each_class(n_classes):
    (X, y), (Z, t) = rows(n_classes, 30), rows(n_classes, 20, seed=1)
    frame = pd.DataFrame(X).add_prefix("f")
    display = drawn(SyntheticSamplesDisplay(frame, y, Z, t).plot())
    panels = display.axes_[0]
    assert [panel.get_xlabel() for panel in panels] == [f"f{i}" for i in range(6)]
    assert [text.get_text() for text in panels[0].get_yticklabels()] == [*map(str, np.unique(y))]
    real, synthetic = panels[2].collections
    for shown, values, label in ((real, X[y == 1, 2], 1), (synthetic, Z[t == 1, 2], 1)):
        ends = shown.get_segments()[label][:, 0]
        np.testing.assert_allclose(ends, np.quantile(values, [0.05, 0.95]))
    # no bar of one class overlaps another's
    places = sorted(
        at for bars in (real, synthetic) for at in np.array(bars.get_segments())[:, 0, 1]
    )
    assert min(np.diff(np.sort(places))) > 0.3


def test_correlations_are_those_within_a_class():
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = np.repeat([0, 1], 30)
    X = np.c_[x[:, 0], x[:, 0], -x[:, 0]] + 100 * y[:, None]  # between classes 1 for all
    X[3, 1] = np.nan
    Z = np.c_[x[:, 0], -x[:, 0], np.zeros(60)]
    display = drawn(SyntheticSamplesDisplay(X, y, Z, y).plot(kind="correlations"))
    real, generated = (panel.images[0].get_array() for panel in display.axes_[0])
    np.testing.assert_allclose(real, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], atol=0.01)
    np.testing.assert_allclose(generated[:2, :2], [[1, -1], [-1, 1]])
    assert generated.mask[2].all()  # a constant has none
    with pytest.raises(ValueError, match="expected a class with 3 or more of each"):
        SyntheticSamplesDisplay(X[:2], y[:2], Z, y).plot(kind="correlations")


@pytest.mark.parametrize("n_classes", [2, pytest.param(43, marks=pytest.mark.slow)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_every_picture_is_where_its_class_is(n_classes, channels):
    y = np.repeat(np.arange(n_classes), 3)
    X = np.random.default_rng(0).integers(0, 256, (len(y), 5, 4, *channels)).astype(np.uint8)
    display = drawn(SyntheticSamplesDisplay(X, y, X[::-1], y[::-1]).plot())
    panel = display.axes_[0, 0]
    canvas = np.asarray(panel.images[0].get_array())
    for label in (0, n_classes - 1):
        top = 6 * label
        assert panel.get_yticks()[label] == top + 3
        assert panel.get_yticklabels()[label].get_text() == str(label)
        of_class = X[y == label]
        for images, left in ((of_class, 0), (of_class[::-1], 9 * 5)):
            shown = canvas[top : top + 5, left + 5 : left + 9]  # the second image
            expected = images[1] if channels != (1,) else images[1][..., 0]
            if channels == (3,):
                shown = shown * np.ptp(X) + X.min()
            np.testing.assert_allclose(shown, expected)


def test_flat_pictures_need_their_shape(fitted):
    X, y = rows(2, 9, d=16)
    sampler = CGANSampler(max_iter=1, image_shape=(4, 4), random_state=0).fit(X, y)
    display = drawn(SyntheticSamplesDisplay.from_estimator(sampler, X, y))
    assert display.axes_.shape == (1, 1)
    with pytest.raises(ValueError, match=r"Got kind='images'.*image_shape"):
        SyntheticSamplesDisplay.from_estimator(fitted, *rows(3, 20), kind="images")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"image_shape": (2, 2, 2)}, "Got images of 2 channels, but expected 1, 3 or 4"),
        ({"n_images": 0}, "Got n_images=0 and 2 classes"),
        ({"n": 0}, "Got n_images=8 and 0 classes"),
    ],
)
def test_pictures_that_can_not_be_drawn(changed, message):
    options = {"image_shape": (2, 4), "n_images": 8, "n": 5} | changed
    X, y = rows(2, options["n"], d=8)
    display = SyntheticSamplesDisplay(X, y, X, y, image_shape=options["image_shape"])
    with pytest.raises(ValueError, match=message):
        display.plot(n_images=options["n_images"])


def test_pictures_of_one_colour_and_none_generated():
    X, y = np.ones((4, 2, 2, 3)), [0, 0, 1, 1]
    drawn(SyntheticSamplesDisplay(X, y, X[:0], y[:0]).plot())


def test_sparse_samples_are_drawn():
    X, y = rows(2, 9, d=8)
    for kind, shape in (("images", (2, 4)), ("marginals", None)):
        displays = [
            SyntheticSamplesDisplay(wrap(X), y, wrap(X), y, image_shape=shape).plot(kind=kind)
            for wrap in (np.asarray, sparse.csr_array)
        ]
        np.testing.assert_array_equal(displays[0].X_real, displays[1].X_real)


def test_columns_of_frames_are_those_of_numbers_by_name():
    (X, y), (Z, t) = rows(2, 9, d=2), rows(2, 9, d=2, seed=1)
    date = pd.Timestamp("2020-01-01")
    X, Z = (pd.DataFrame(A, columns=["a", "b"]).assign(kind="x", date=date) for A in (X, Z))
    X.loc[0, "a"] = np.nan
    for wrap in (pd.DataFrame, pl.from_pandas):
        display = drawn(SyntheticSamplesDisplay(wrap(X), y, wrap(Z[["b", "kind", "a"]]), t).plot())
        assert [panel.get_xlabel() for panel in display.axes_[0]] == ["a", "b"]
        np.testing.assert_array_equal(display.X_real, X[["a", "b"]])
        np.testing.assert_array_equal(display.X_synthetic, Z[["a", "b"]])
        with pytest.raises(ValueError, match=r"Got the columns \['kind'\]"):
            SyntheticSamplesDisplay(wrap(X[["kind"]]), y, wrap(X[["kind"]]), y)


@pytest.mark.parametrize(
    "wrap",
    [lambda y: y[:, None], lambda y: pd.DataFrame({"y": y}), pl.Series, lambda y: np.eye(2)[y]],
    ids=["column", "frame", "polars", "one-hot"],
)
def test_displays_take_the_labels_that_samplers_take(wrap):
    X, y = rows(2, 9)
    display = drawn(SyntheticSamplesDisplay(X, wrap(y), X, wrap(y)).plot())
    np.testing.assert_array_equal(display.y_real, y)


def test_classes_without_real_samples_are_left_out():
    X, y = rows(3, 9)
    display = drawn(SyntheticSamplesDisplay(X[y < 2], y[y < 2], X[y > 0], y[y > 0]).plot())
    assert [text.get_text() for text in display.axes_[0, 0].get_yticklabels()] == ["1"]
    for other in (y + 3, np.array(list("abc"))[y]):
        with pytest.raises(ValueError, match="expected a class with 1 or more of each"):
            SyntheticSamplesDisplay(X, y, X, other).plot()


def test_dollars_in_names_are_no_formulas():
    X, y = rows(2, 9, d=2)
    names, labels = ["$a_$", "b $ c $^"], np.array(["$1_ to $2^", "$3^ $"])
    frame, y = pd.DataFrame(X, columns=names), labels[y]
    for kind in ("marginals", "correlations"):
        drawn(SyntheticSamplesDisplay(frame, y, frame, y).plot(kind=kind))
    drawn(SyntheticSamplesDisplay(X, y, X, y, image_shape=(1, 2)).plot())
    drawn(TrainingHistoryDisplay({"$a_$": [1.0, 2.0]}).plot())
    discovery = SubclassDiscovery(1, embedding=PCA(2), random_state=0).fit(X, y)
    drawn(SubclassDisplay.from_estimator(discovery))
    result(AUC, names=["$a_$", *"bcd"]).plot().figure.canvas.draw()


def test_axes_without_a_grid_are_split_where_they_are():
    X, y = rows(2, 9)
    figure = plt.figure()
    ax = figure.add_axes((0.5, 0.25, 0.25, 0.5))
    display = drawn(SyntheticSamplesDisplay(X, y, X, y).plot(ax=ax))
    assert display.axes_.shape == (1, 6)
    places = np.array([panel.get_position().get_points() for panel in display.axes_.flat])
    np.testing.assert_allclose(
        [places.min(axis=(0, 1)), places.max(axis=(0, 1))], ax.get_position()
    )


# Subclasses --------------------------------------------------------------------------------------


@few_and_many
def test_shares_and_errors_of_subclasses(n_classes):
    # of each class 3 of 4 samples are in its first subclass; generated are only these, but for one
    classes = np.repeat(np.arange(n_classes), 2)
    labels = np.arange(2 * n_classes).repeat(np.tile([3, 1], n_classes))
    made = np.r_[0, labels[labels % 2 == 0]]
    display = SubclassDisplay(rows(1, len(labels))[0], labels, classes, made, classes[made])
    np.testing.assert_allclose(display.shares_, np.tile([0.75, 0.25], n_classes))
    np.testing.assert_allclose(display.synthetic_shares_, np.tile([1, 0], n_classes))
    np.testing.assert_allclose(display.errors_, np.tile([1 / 3, 1], n_classes))
    if n_classes < 5:
        left, right = drawn(display.plot()).axes_[1]
        assert [bar.get_height() for bar in left.patches] == [0.75, 0.25, 1, 0]
        assert [t.get_text() for t in left.get_xticklabels()] == ["0\ne=0.33", "1\ne=1.00"]
        assert [len(dots.get_offsets()) for dots in right.collections] == [3, 1]


def test_generated_samples_near_another_class_are_in_none_of_the_subclasses():
    X = np.r_[np.zeros((4, 2)), np.ones((4, 2))] + np.arange(8)[:, None] * 0.01
    y = np.repeat([0, 1], 4)
    discovery = SubclassDiscovery(1, embedding=PCA(2), random_state=0).fit(X, y)
    display = SubclassDisplay.from_estimator(discovery, X[[0, 1, 5, 6]], [0, 0, 0, 0])
    assert display.synthetic_shares_[0] == display.errors_[0] == 0.5
    assert np.isnan(display.errors_[1])
    assert np.isnan(SubclassDisplay.from_estimator(discovery).errors_).all()
    only_second = SubclassDisplay.from_estimator(discovery, X[[5, 6]], [1, 1])
    (legend,) = only_second.figure_.legends
    assert [text.get_text() for text in legend.get_texts()] == ["real", "generated"]


# Comparison --------------------------------------------------------------------------------------


def test_scores_are_sorted_and_failures_named():
    scores = np.array([[0.5, 0.7, np.nan, 0.6], [0.6, 0.9, np.nan, 0.4]])
    ax = result(scores, names=["none", "SMOTE", "broken", "GAN"]).plot()
    ax.figure.canvas.draw()
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["broken (failed)", "GAN", "none", "SMOTE"]
    dots, mean = ax.lines[-2:]  # of SMOTE
    assert dots.get_xdata().tolist() == [0.7, 0.9]
    assert mean.get_xdata().tolist() == [pytest.approx(0.8)]
    low, high = ax.get_xlim()
    assert low < 0.4
    assert high > 0.9


def test_the_interval_shown_is_the_summarys():
    compared = result(np.random.default_rng(0).random((5, 3)), names=["none", "a", "b"])
    ax = compared.plot()
    summary = compared.summary().loc["auc"].sort_values("mean")
    for bar, (_, row) in zip(ax.collections, summary.iterrows(), strict=True):
        np.testing.assert_allclose(bar.get_segments()[0][:, 0], row[["low", "high"]].tolist())


def test_critical_differences_of_demsar():
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(2, 10) == pytest.approx(1.960 * np.sqrt(2 * 3 / 60), abs=0.002)
    ax = result(AUC, unit="dataset").plot(kind="ranks")
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["C4.5", "+cf", "+m", "+m+cf"]
    (bars,) = ax.collections
    ends = np.array([bar[:, 0] for bar in bars.get_segments()])
    np.testing.assert_allclose(ends.mean(axis=1), [3.14, 2.93, 2.00, 1.93], atol=0.005)
    np.testing.assert_allclose(np.diff(ends)[:, 0], 1.25, atol=0.005)
    assert ax.get_xlabel() == "auc: mean rank, 14 data sets; critical difference 1.25"


def test_ranks_need_several_data_sets():
    with pytest.raises(ValueError, match="Got one data set, but expected several"):
        result(AUC).plot(kind="ranks")
    with pytest.raises(ValueError, match="kind='bars'"):
        result(AUC).plot(kind="bars")


def test_a_comparison_draws_itself():
    X, y = make_classification(150, weights=[0.8], random_state=0)
    two = {"a": X, "b": -X}, {"a": y, "b": y}
    options = {"scoring": ["accuracy", "f1"], "cv": 2, "progress": False}
    compared = compare_samplers(*two, [SMOTE()], [KNeighborsClassifier()], **options)
    assert compared.plot("f1").get_xlabel().startswith("f1: mean, ")
    own = plt.subplots()[1]
    assert compared.plot("f1", kind="ranks", ax=own) is own
    own.figure.canvas.draw()


# All ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_draw_in_given_axes_and_again(fitted):
    X, y = rows(3, 20)
    samples = SyntheticSamplesDisplay.from_estimator(fitted, X, y)
    images = SyntheticSamplesDisplay(X[:, :6], y, X[:, :6], y, image_shape=(2, 3))
    displays = [
        TrainingHistoryDisplay(fitted.history_),
        samples,
        images,
    ]
    for layout in (None, "constrained"):
        figure, axes = plt.subplots(1, len(displays), figsize=(20, 4), layout=layout)
        for display, ax in zip(displays, axes, strict=True):
            assert display.plot(ax=ax) is display
            assert display.ax_ is ax
            assert display.figure_ is figure
        figure.canvas.draw()
    samples.plot(kind="correlations", ax=plt.subplots()[1])
    drawn(samples)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"TrainingHistoryDisplay\.plot requires matplotlib"):
        TrainingHistoryDisplay({"g": [1.0]}).plot()


@pytest.fixture
def mixed():
    """A sampler fitted to a frame of a number, a category, a date and a gap."""
    rng, n = np.random.default_rng(0), 60
    X = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "kind": pd.Categorical(rng.choice(list("xyz"), n)),
            "date": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D"),
        }
    )
    X.loc[::9, "number"] = np.nan
    y = np.repeat(["common", "rare"], [45, 15])
    return BAGANGPSampler(max_iter=2, random_state=0).fit(X, y), X, y


@pytest.mark.slow
def test_mixed_frames_are_drawn(mixed):
    sampler, X, y = mixed
    assert SyntheticSamplesDisplay.from_estimator(sampler, X, y).names.tolist() == ["number"]
    with pytest.raises(ValueError, match="expected some of numbers"):
        SyntheticSamplesDisplay(X[["kind"]], y, X[["kind"]], y)


@pytest.mark.slow
def test_mixed_frames_are_reported_on(mixed):
    sampler, X, y = mixed
    report = quality_report(sampler, X, y, random_state=0)
    assert report.table.loc["rare", "synthetic"] == 30
    assert report.table.loc["rare", "coverage"] > 0.5
