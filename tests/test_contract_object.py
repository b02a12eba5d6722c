"""The sampler contract, the object: copies, model selection, sample(), what training shows."""

import pickle
import re
from copy import deepcopy

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from samplers import (
    BASE_SAMPLERS,
    each_base_sampler,
    each_sampler,
    each_trained_sampler,
    each_trained_sampler_others_slow,
    images,
    needs_callbacks,
    quick,
    resampled,
    table,
)
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate

from skgan_resample import BAGANGPSampler, BAGANSampler, CGANSampler, RowMixSampler

# Copies and files --------------------------------------------------------------------------------


@each_sampler
def test_clone_and_parameters(Sampler):
    sampler, *_ = resampled(Sampler)
    copy = clone(sampler)
    assert str(copy.get_params()) == str(sampler.get_params())
    assert not hasattr(copy, "generator_")
    assert copy.set_params(random_state=3).get_params()["random_state"] == 3


def by_joblib(sampler, path):
    joblib.dump(sampler, path / "sampler.joblib")
    return joblib.load(path / "sampler.joblib")


def by_pickle(sampler, path):
    return pickle.loads(pickle.dumps(sampler))


def check_copy(Sampler, through, path):
    sampler, *_ = resampled(Sampler)
    copy = through(sampler, path)
    for _ in range(2):
        assert_array_equal(copy.sample(5)[0], sampler.sample(5)[0])
    assert_array_equal(copy.is_synthetic_, sampler.is_synthetic_)


@each_sampler
def test_pickles_sample_as_the_original(Sampler, tmp_path):
    check_copy(Sampler, by_pickle, tmp_path)


@pytest.mark.parametrize(
    "through", [lambda s, _: deepcopy(s), by_joblib], ids=["deepcopy", "joblib"]
)
@each_base_sampler
def test_copies_sample_as_the_original(Sampler, through, tmp_path):
    check_copy(Sampler, through, tmp_path)


@pytest.mark.parametrize("Sampler", [BAGANSampler, CGANSampler])
def test_a_sampler_of_a_gpu_goes_on_without_one(Sampler, monkeypatch):
    sampler = quick(Sampler, device="cpu").fit(*table())
    expected, _ = sampler.sample(3, random_state=0)
    assert {p.device.type for p in sampler.generator_.parameters()} == {"cpu"}
    assert not sampler.generator_.training
    sampler.device_ = "cuda:0"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    loaded = pickle.loads(pickle.dumps(sampler))
    assert loaded.device_ == "cpu"
    assert_array_equal(loaded.sample(3, random_state=0)[0], expected)


KEEP_SAMPLES = {"RowMixSampler", "GAMOSampler", "CycleGANSampler"}  # as docs/privacy.md says


@pytest.mark.parametrize("as_images", [False, True])
@each_trained_sampler
def test_no_training_sample_in_the_file(Sampler, as_images):
    X, y = table((12, 5), n_features=6)
    X[3] = [33.3, 51.7, 44.4, 60.9, 47.1, 55.5]
    sampler = quick(Sampler, image_shape=(2, 3) if as_images else None).fit(X, y)
    encoded = sampler.codec_.transform(X[3:4])
    traces = [X[3].tobytes(), X[3].astype(np.float32).tobytes(), encoded.tobytes()]
    assert all(trace in pickle.dumps([X, X.astype(np.float32), encoded]) for trace in traces)
    kept = any(trace in pickle.dumps(sampler) for trace in traces)
    codes_only = Sampler.__name__ == "GAMOSampler" and as_images
    assert kept == (Sampler.__name__ in KEEP_SAMPLES and not codes_only)


# Model selection ---------------------------------------------------------------------------------


def pipeline(sampler, **parameters):
    return Pipeline([("sampler", sampler), ("model", LogisticRegression())], **parameters)


@pytest.mark.slow
def test_grid_search_in_two_processes_swaps_the_sampler():
    X, y = table((24, 10))
    samplers = [quick(Sampler) for Sampler in BASE_SAMPLERS]
    grid = {"sampler": [*samplers, SMOTE(k_neighbors=2), "passthrough"]}
    search = GridSearchCV(pipeline(samplers[0]), grid, cv=2, n_jobs=2, error_score="raise")
    search.fit(X - 50, y)
    assert len(search.cv_results_["mean_test_score"]) == len(BASE_SAMPLERS) + 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@each_base_sampler
def test_cross_validation_returns_fitted_samplers(Sampler):
    X, y = table((24, 10))
    result = cross_validate(
        pipeline(quick(Sampler)), X - 50, y, cv=2, return_estimator=True, error_score="raise"
    )
    for fitted in result["estimator"]:
        assert fitted["sampler"].is_synthetic_.sum() == 7
        assert fitted["sampler"].sample(2)[0].shape == (4, 4)


@each_base_sampler
def test_a_pipeline_with_memory_trains_once(Sampler, tmp_path):
    X, y = table((24, 10))
    sampler = quick(Sampler, random_state=None)  # a second training would give other rows
    model = pipeline(sampler, memory=str(tmp_path)).fit(X - 50, y)
    again = clone(model).fit(X - 50, y)
    assert_array_equal(again["model"].coef_, model["model"].coef_)
    assert_array_equal(again["sampler"].sample(3)[0], model["sampler"].sample(3)[0])


# sample() ----------------------------------------------------------------------------------------


@each_sampler
def test_sample_by_number_and_by_class(Sampler):
    sampler, (_, labels), _ = resampled(Sampler)
    X_new, y_new = sampler.sample(2)
    assert (X_new.shape, X_new.dtype) == ((6, 4), np.int16)
    assert y_new.tolist() == list("aabbcc")
    assert sampler.sample(2.0)[1].tolist() == list("aabbcc")
    assert sampler.sample({"c": np.float32(1), "a": np.int64(2)})[1].tolist() == ["a", "a", "c"]
    assert sampler.sample({})[0].shape == (0, 4)
    assert sampler.sample(0)[1].dtype == labels.dtype


@each_sampler
def test_sample_goes_on_from_the_seed_and_an_int_repeats(Sampler):
    X, y = images(6, 5)
    sampler = quick(Sampler).fit(X, y)
    twin = deepcopy(sampler)
    first, second = sampler.sample(3)[0], sampler.sample(3)[0]
    assert first.shape == (6, 6, 5)
    assert not np.array_equal(first, second)
    assert_array_equal(twin.sample(3)[0], first)
    repeated, _ = sampler.sample(3, random_state=7)
    assert_array_equal(sampler.sample(3, random_state=7)[0], repeated)
    assert_array_equal(twin.sample(3)[0], second)  # the int left the stream where it was


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"a": 1, "z": 2}, r"classes \['z'\], but the classes seen in fit are \['a', 'b', 'c'\]"),
        ({"a": -1}, "Got n_samples={'a': -1}, but expected whole numbers >= 0"),
        (-3, "Got n_samples=-3, but expected whole numbers >= 0"),
        (2.5, "Got n_samples=2.5"),
        (True, "Got n_samples=True, but expected whole numbers"),
        ({"a": np.True_}, "Got n_samples={.a.: "),
    ],
)
def test_sample_refuses_what_it_cannot_make(wanted, message):
    with pytest.raises(ValueError, match=message):
        resampled(RowMixSampler)[0].sample(wanted)


def test_sample_before_fit():
    with pytest.raises(NotFittedError, match="BAGANSampler"):
        BAGANSampler().sample(3)


# What training shows -----------------------------------------------------------------------------


@each_trained_sampler
def test_history_has_the_loss_of_every_update(Sampler):
    check_history(Sampler, 3)


@each_trained_sampler_others_slow
def test_without_updates_there_are_no_losses(Sampler):
    check_history(Sampler, 0)


def check_history(Sampler, max_iter):
    sampler = quick(Sampler, max_iter=max_iter).fit(*table())
    assert sampler.n_iter_ == max_iter
    assert {"generator", "discriminator"} <= set(sampler.history_)
    for name, losses in sampler.history_.items():
        assert isinstance(losses, np.ndarray)
        assert len(losses) == (2 if name == "autoencoder" else max_iter)
        assert np.isfinite(losses).all()


@each_trained_sampler_others_slow
def test_silent_by_default_and_a_bar_with_losses_if_asked(Sampler, capsys):
    quick(Sampler).fit(*table())
    assert capsys.readouterr() == ("", "")
    sampler = quick(Sampler, verbose=1, max_iter=3).fit(*table())
    output, bars = capsys.readouterr()
    assert output == ""
    assert f"{Sampler.__name__} adversarial training" in bars
    assert "100%" in bars
    assert re.search(r"3/3 \[[0-9:]+<00:00", bars)
    assert f"generator={sampler.history_['generator'].flat[-1]:.3g}" in bars
    assert ("autoencoder=" in bars) == ("autoencoder" in sampler.history_)


class Recorder:
    """A callback that records its calls, and may stop every stage after some updates."""

    def __init__(self, stop_after=None):
        self.stop_after, self.updates, self.shapes, self.events = stop_after, [], [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.events.append(f"begin {context.task_name}")
        if X is not None:
            self.shapes.append((X.shape, y.shape))

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        self.events.append(f"end {context.task_name}")
        if context.task_name != "update":
            return False
        self.updates.append((context.parent.task_name, metadata))
        return context.task_id + 1 == self.stop_after


@needs_callbacks
@each_trained_sampler_others_slow
def test_a_callback_sees_every_update(Sampler):
    check_callback(Sampler, "fit_resample")


@needs_callbacks
@pytest.mark.parametrize("Sampler", [BAGANSampler, CGANSampler])
def test_a_callback_of_fit_sees_every_update(Sampler):
    check_callback(Sampler, "fit")


def check_callback(Sampler, method):
    recorder = Recorder()
    sampler = quick(Sampler, max_iter=4).set_callbacks(recorder)
    getattr(sampler, method)(*table())
    for name, losses in sampler.history_.items():
        received = [metadata[name] for _, metadata in recorder.updates if name in metadata]
        assert_allclose(received, losses.T.ravel(), rtol=1e-6)
    assert len({stage for stage, _ in recorder.updates if stage == "adversarial training"}) >= 1
    assert recorder.shapes == [((20, 4), (20,))]
    events = recorder.events
    assert (events[:2], events[-2:]) == (["setup", "begin fit"], ["end fit", "teardown"])
    begun, ended = ([e for e in events if e.startswith(word)] for word in ("begin", "end"))
    assert len(begun) == len(ended)


@needs_callbacks
@each_trained_sampler_others_slow
def test_a_callback_can_stop_the_training(Sampler):
    sampler = quick(Sampler, max_iter=50).set_callbacks(Recorder(stop_after=1)).fit(*table())
    assert sampler.n_iter_ == 1
    assert {len(losses) for losses in sampler.history_.values()} == {1}
    assert np.isfinite(sampler.sample(2)[0]).all()


@pytest.mark.filterwarnings("ignore:.* diverged at update")
@each_trained_sampler_others_slow
def test_a_failed_training_leaves_nothing_behind(Sampler, capsys):
    X, y = table()
    sampler = quick(Sampler).fit(X, y).set_params(learning_rate=1e30, verbose=1)
    with pytest.raises(FloatingPointError, match=r"diverged .* Got learning_rate=1e\+30"):
        sampler.fit(X, y)
    with pytest.raises(NotFittedError):
        sampler.sample(2)
    assert X.tobytes() not in pickle.dumps(sampler)


@each_sampler
def test_html_links_to_the_page_of_the_class(Sampler):
    """Sphinx writes it to this place: docs/api.md has autosummary's toctree "generated"."""
    page = f"generated/skgan_resample.{Sampler.__name__}.html"
    assert f"https://skgan-resample.readthedocs.io/en/stable/{page}" in Sampler()._repr_html_()


# Ablations ---------------------------------------------------------------------------------------

ABLATIONS = [
    {"supervised_autoencoder": False, "wrong_labels": False, "fake_labels": "data"},
    {"supervised_autoencoder": False},
    {"wrong_labels": False},
    {"latent": "standard"},
    {"fake_labels": "data"},
    {"penalty_points": "real"},
    {"penalty_weight": 0},
    {"n_critic": 2},
    {"real_balance": 0},
    {"real_balance": 0.5},
]


@pytest.mark.parametrize("ablation", ABLATIONS, ids=str)
def test_ablations_of_bagan_gp_change_the_result(ablation):
    _, data, (default, _) = resampled(BAGANGPSampler)
    X_resampled, _ = quick(BAGANGPSampler, **ablation).fit_resample(*data)
    assert X_resampled.shape == default.shape
    assert np.isfinite(X_resampled).all()
    assert not np.array_equal(X_resampled, default)


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame, sparse.csr_array])
def test_flattened_images_are_sampled_in_their_container(container):
    X, y = images(6, 5)
    flat = container(X.reshape(len(X), -1))
    made = RowMixSampler(image_shape=X.shape[1:], random_state=0).fit(flat, y).sample(2)[0]
    assert type(made) is type(flat)
    assert made.shape == (4, flat.shape[1])
