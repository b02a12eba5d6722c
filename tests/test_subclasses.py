"""SubclassDiscovery: scikit-learn's checks, known groups, and data too small or too alike."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state, estimator_checks

from skgan_resample import SubclassDiscovery

CHECKS = estimator_checks.parametrize_with_checks([SubclassDiscovery()])


@pytest.mark.slow
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check", ["check_param_validation", "check_dataframe_column_names_consistency"]
)
def test_checks_that_are_not_in_the_list(check):
    getattr(estimator_checks, check)("SubclassDiscovery", SubclassDiscovery())


@pytest.fixture(scope="module")
def groups():
    """Two classes of far-apart groups: "a" of 40, 30 and 20 rows, "b" of 30 and 20."""
    X, group = make_blobs([40, 30, 20, 30, 20], n_features=6, random_state=0)
    return X, group, np.array(list("aaabb"))[group]


@pytest.fixture(scope="module")
def fitted(groups):
    X, _, y = groups
    return SubclassDiscovery(random_state=0).fit(X, y)


def test_known_groups_are_found_in_each_class(groups, fitted):
    X, group, _ = groups
    assert fitted.n_subclasses_ == {"a": 3, "b": 2}
    assert adjusted_rand_score(group, fitted.labels_) == 1
    # numbered through class by class, by size within a class
    assert fitted.subclass_sizes_.tolist() == [40, 30, 20, 30, 20]
    assert_array_equal(np.bincount(fitted.labels_), fitted.subclass_sizes_)
    assert fitted.embedding_.shape == (len(X), 2)


@pytest.mark.slow
def test_labels_of_a_class_do_not_depend_on_the_name_of_it(groups):
    X, _, y = groups
    numbered = SubclassDiscovery(random_state=0).fit(pd.DataFrame(X), (y == "b").astype(int))
    named = SubclassDiscovery(random_state=0).fit(X, y)
    assert_array_equal(numbered.labels_, named.labels_)
    assert numbered.n_subclasses_ == {0: 3, 1: 2}


def test_without_labels_all_rows_are_one_class(groups):
    X, group, _ = groups
    discovery = SubclassDiscovery(random_state=0)
    assert adjusted_rand_score(group, discovery.fit_predict(X)) == 1
    assert discovery.n_subclasses_ == {None: 5}


@pytest.mark.slow
def test_training_rows_get_their_own_place_and_label(groups, fitted):
    X, _, y = groups
    assert_array_equal(fitted.transform(X), fitted.embedding_)
    assert_array_equal(fitted.predict(X), fitted.labels_)
    assert_array_equal(clone(fitted).fit_transform(X, y), fitted.embedding_)
    assert_array_equal(clone(fitted).fit_predict(X, y), fitted.labels_)


def test_new_rows_get_those_of_the_nearest_training_row(groups, fitted):
    X, _, _ = groups
    order = np.random.default_rng(0).permutation(len(X))
    near = X[order] + 1e-6
    assert_array_equal(fitted.predict(near), fitted.labels_[order])
    assert_array_equal(fitted.transform(near), fitted.embedding_[order])


def test_nearest_is_meant_in_the_space_of_the_principal_components():
    X = np.random.default_rng(0).normal(size=(30, 2)) * [100, 1e-3]
    discovery = SubclassDiscovery(2, n_components=1, random_state=0).fit(X)
    (along,) = discovery.pca_.components_
    across = np.array([-along[1], along[0]])
    far_off_the_axis = X + 1e4 * np.arange(30)[:, None] * across
    assert_array_equal(discovery.transform(far_off_the_axis), discovery.embedding_)


@pytest.mark.slow
def test_a_seed_repeats(groups, fitted, untouched_globals):
    X, _, y = groups
    again = SubclassDiscovery(random_state=0).fit(X, y)
    assert_array_equal(again.embedding_, fitted.embedding_)
    assert_array_equal(again.labels_, fitted.labels_)
    noise = np.random.default_rng(0).normal(size=(80, 4))
    parts = [SubclassDiscovery(8, random_state=seed).fit_predict(noise) for seed in (0, 0, 1)]
    assert_array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[0], parts[2])


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "found"), [(2, 2), (6, 6), (range(2, 7), 3), ([4, 2], None)])
def test_the_number_asked_for_is_made_or_searched(groups, asked, found):
    X, _, y = groups
    discovery = SubclassDiscovery(asked, random_state=0).fit(X[y == "a"])
    (number,) = discovery.n_subclasses_.values()
    assert number == found or (found is None and number in asked)
    assert set(discovery.labels_) == set(range(number))


@pytest.mark.slow
def test_a_single_group_is_not_split():
    for seed in range(3):
        X = np.random.default_rng(seed).normal(size=(200, 5))
        assert SubclassDiscovery(random_state=seed).fit(X).n_subclasses_ == {None: 1}
        forced = SubclassDiscovery(range(2, 5), random_state=seed).fit(X)
        assert forced.n_subclasses_[None] >= 2


def test_auto_leaves_ten_rows_to_a_subclass():
    X, _ = make_blobs([5, 5, 5], n_features=3, random_state=0)
    assert SubclassDiscovery(random_state=0).fit(X).n_subclasses_ == {None: 1}
    assert SubclassDiscovery(3, random_state=0).fit(X).n_subclasses_ == {None: 3}


class Columns(TransformerMixin, BaseEstimator):
    """Takes some columns, moved by a random number."""

    def __init__(self, columns, random_state=None):
        self.columns = columns
        self.random_state = random_state

    def fit(self, X, y=None):
        self.shift_ = check_random_state(self.random_state).normal()
        return self

    def transform(self, X):
        return X[:, self.columns] + self.shift_


@pytest.mark.parametrize("n", [1, 2, 3])
def test_any_transformer_lays_the_classes_out(groups, n):
    X, group, y = groups
    embedding = Columns([*range(n)])
    discovery = SubclassDiscovery(embedding=embedding, random_state=0).fit(X, y)
    assert discovery.embedding_.shape == (len(X), n)
    assert adjusted_rand_score(group, discovery.labels_) > 0.5
    of_class = discovery.embedding_[y == "a"] - discovery.pca_.transform(X[y == "a"])[:, :n]
    assert np.ptp(of_class) == pytest.approx(0, abs=1e-4)  # the same shift for all
    assert not hasattr(embedding, "shift_")
    again = SubclassDiscovery(embedding=embedding, random_state=0).fit(X, y)
    assert_array_equal(again.embedding_, discovery.embedding_)
    assert_array_equal(discovery.transform(X), discovery.embedding_)


def test_a_class_of_one_distinct_sample_has_a_place_in_any_embedding():
    X = np.r_[np.random.default_rng(0).normal(size=(20, 4)), np.ones((3, 4))]
    y = np.repeat([0, 1], [20, 3])
    discovery = SubclassDiscovery(1, embedding=Columns([0, 1, 2])).fit(X, y)
    assert_array_equal(discovery.embedding_[y == 1], np.zeros((3, 3)))


@pytest.mark.slow
def test_open_tsne_finds_the_groups(groups):
    opentsne = pytest.importorskip("openTSNE.sklearn")
    X, group, y = groups
    discovery = SubclassDiscovery(embedding=opentsne.TSNE(perplexity=10), random_state=0)
    assert adjusted_rand_score(group, discovery.fit(X, y).labels_) == 1


# Little to go by ---------------------------------------------------------------------------------


def test_fewer_rows_than_subclasses():
    X, y = np.arange(22.0).reshape(11, 2) ** 2, np.array(list("llllllllsss"))
    with pytest.warns(UserWarning, match="Class s has 3 distinct rows, too few for n_subclasses=5"):
        discovery = SubclassDiscovery(5, random_state=0).fit(X, y)
    assert discovery.n_subclasses_ == {"l": 5, "s": 3}
    with pytest.warns(UserWarning, match="too few for n_subclasses=range.*: 3 at the most"):
        discovery = SubclassDiscovery(range(1, 7), random_state=0).fit(X, y)
    assert discovery.n_subclasses_["s"] <= 3


def test_identical_rows():
    X = np.repeat([[1.0, 2.0], [3.0, 5.0]], 30, axis=0)
    assert SubclassDiscovery(random_state=0).fit(X[:30]).n_subclasses_ == {None: 1}
    with pytest.warns(UserWarning, match="X has 2 distinct rows, too few for n_subclasses=4"):
        discovery = SubclassDiscovery(4, random_state=0).fit(X)
    assert discovery.subclass_sizes_.tolist() == [30, 30]
    assert_array_equal(discovery.transform(X), discovery.embedding_)
    assert len(np.unique(discovery.embedding_, axis=0)) == 2


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_a_handful_of_rows(n):
    X = np.random.default_rng(0).normal(size=(n, 3))
    discovery = SubclassDiscovery(random_state=0).fit(X)
    assert discovery.n_subclasses_ == {None: 1}
    assert np.isfinite(discovery.embedding_).all()
    asked = SubclassDiscovery(n, random_state=0).fit(X)
    assert sorted(asked.labels_) == list(range(n))


def test_one_feature():
    X = np.concatenate([np.random.default_rng(0).normal(m, 0.1, 40) for m in (0, 50)])[:, None]
    discovery = SubclassDiscovery(random_state=0).fit(X)
    assert discovery.n_subclasses_ == {None: 2}
    assert_array_equal(discovery.labels_ == discovery.labels_[0], X[:, 0] < 25)


@pytest.mark.parametrize("asked", [[], [0, 2], [2.5], ["a"], {1: 3, 2: 1}])
def test_numbers_that_are_none(asked):
    with pytest.raises(ValueError, match=r"Got n_subclasses=.* but expected whole numbers from 1"):
        SubclassDiscovery(asked).fit(np.eye(4))


def test_targets_that_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        SubclassDiscovery().fit(np.eye(4), [0.1, 0.2, 0.3, 0.4])


def test_a_transform_output_set_for_the_process_changes_nothing(groups):
    X, y, _ = groups
    expected = SubclassDiscovery(2, random_state=0).fit(X, y).labels_
    with config_context(transform_output="pandas"):
        assert_array_equal(SubclassDiscovery(2, random_state=0).fit(X, y).labels_, expected)


def test_labels_of_pandas_own_booleans_stay_booleans(groups):
    X, y, _ = groups
    labels = pd.Series(np.asarray(y) == y[0], dtype="boolean")
    assert set(SubclassDiscovery(1).fit(X, labels).n_subclasses_) == {False, True}
    assert SubclassDiscovery(1).fit(X, labels).classes_.dtype == bool
