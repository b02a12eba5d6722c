"""New rows of tables: where they lie, what they keep, what is pooled over classes."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

from skgan_resample.mixing import TableMixture
from skgan_resample.mixing._table import Members, tied_columns

M = 4000
ZEROS = np.zeros(M, dtype=np.int64)


def fit(x, y, **options):
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y)
    return TableMixture.fit(x, y, y.max() + 1, **options)


def draw(mixture, y, seed=1):
    return mixture.sample(np.asarray(y), np.random.default_rng(seed))


def table():
    """Classes of 60 and 4 rows: two real columns, a one-hot pair, a grade of 1..5, a constant."""
    rng = np.random.default_rng(3)
    y = rng.permutation([0] * 60 + [1] * 4)
    x = rng.standard_normal((64, 6), dtype=np.float32) + 10 * y[:, None]
    x[:, 2] = rng.random(64) < 0.5
    x[:, 3] = 1 - x[:, 2]
    x[:, 4] = rng.integers(1, 6, 64)
    x[:, 5] = 7
    return x.astype(np.float32), y


def test_pairs_are_two_different_samples_of_the_class():
    owner = np.array([2, 0, 1, 0, 2, 0])
    y = np.random.default_rng(0).integers(3, size=M)
    first, second = Members.fit(owner, 3).draw_pairs(y, np.random.default_rng(1))
    assert_array_equal(owner[first], y)
    assert_array_equal(owner[second], y)
    assert (first[y != 1] != second[y != 1]).all()
    pairs, counts = np.unique(np.stack([first, second], 1)[y == 0], axis=0, return_counts=True)
    assert len(pairs) == 6  # every ordered pair of three samples comes up, equally often
    assert_allclose(counts / counts.sum(), 1 / 6, atol=0.04)


def test_without_noise_rows_lie_on_segments_between_two_rows_of_the_class():
    x, y = table()
    new = draw(fit(x, y, noise_scale=0.0), ZEROS + 1)[:, :2].astype(np.float64)
    rows = x[y == 1][:, :2].astype(np.float64)
    start, end = rows.repeat(4, axis=0), np.tile(rows, (4, 1))
    along = end - start
    t = ((new[:, None] - start) * along).sum(2) / np.maximum((along**2).sum(1), 1e-12)
    nearest = start + t.clip(0, 1)[..., None] * along
    assert np.linalg.norm(new[:, None] - nearest, axis=2).min(axis=1).max() < 1e-5


def test_the_weight_is_a_ratio_of_uniforms():
    new = draw(fit([[0.0], [1], [5], [6]], [0, 0, 1, 1], noise_scale=0.0), ZEROS)[:, 0]

    def cdf(t):  # P(u / (u + v) <= t) for u, v ~ U(0, 1)
        return np.where(t <= 0.5, t / (2 * (1 - t).clip(1e-9)), 1 - (1 - t) / (2 * t.clip(1e-9)))

    assert kstest(new, cdf).pvalue > 0.01


def test_residuals_are_pooled_over_classes_in_equal_parts():
    rng = np.random.default_rng(0)
    x = np.r_[3 * rng.standard_normal((500, 1)), [[0.0], [0.002]]]
    new = draw(fit(x, [0] * 500 + [1] * 2, noise_scale=0.5), ZEROS + 1)
    # half the residuals are of class 0, variance 0.5**2 * 9, and half of class 1, next to none
    assert new.var() == pytest.approx(0.5**2 * 9 / 2, rel=0.15)
    assert new.mean() == pytest.approx(0, abs=0.1)


def test_a_class_of_one_row_gets_that_row_and_pooled_residuals():
    x = [[1.0, 0], [4, 8], [2, 3]]
    new = draw(fit(x, [0, 0, 1], noise_scale=0.5), ZEROS + 1)
    assert_array_equal(np.unique(new, axis=0), [[1.25, 1], [2.75, 5]])
    alone = draw(fit([[1.0, 2], [3, 4]], [0, 1]), [1, 1])  # no class has a residual
    assert_array_equal(alone, [[3, 4], [3, 4]])


def test_noise_that_leads_out_of_the_range_seen_is_left_out():
    x = [[0.0, 5], [8, 5], [1, 6], [1, 4]]  # residuals of -4 and 4, and of -1 and 1
    new = draw(fit(x, [0, 0, 1, 1], noise_scale=0.5), ZEROS + 1)
    assert_array_equal(np.unique(new[:, 0]), [1, 3])  # 1 - 2 is below 0
    assert new.min(axis=0)[1] >= 4
    assert new.max(axis=0)[1] <= 6


@pytest.mark.parametrize("outlier", [1e6, -1e6])
@pytest.mark.parametrize("of_class", [0, 1])
def test_a_few_huge_values_do_not_move_all_others_to_an_end(outlier, of_class):
    rng = np.random.default_rng(0)
    x, y = rng.normal(50, 10, (1000, 1)), np.arange(1000) % 10 == 0
    x[np.flatnonzero(y == of_class)[:5]] = outlier
    new = draw(fit(x, y.astype(int)), ZEROS + 1)[:, 0]
    usual = x[y & (np.abs(x[:, 0]) < 1e5)]
    assert (x.min() if outlier > 0 else x.max()) not in new
    assert np.mean((new >= usual.min()) & (new <= usual.max())) > 0.85
    assert np.median(new) == pytest.approx(np.median(usual), abs=3)


def test_columns_of_two_values_come_from_one_row_together():
    x, y = table()
    new = draw(fit(x, y), ZEROS)
    assert set(new[:, 2]) == {0, 1}
    assert_array_equal(new[:, 2] + new[:, 3], np.ones(M))
    assert new[:, 2].mean() == pytest.approx(x[y == 0][:, 2].mean(), abs=0.04)
    assert_array_equal(new[:, 5], np.full(M, 7))


def test_recurring_columns_hold_observed_values_and_keep_their_mean():
    grade = np.array([0.0, 1, 10])
    x = np.random.default_rng(0).permutation(np.repeat(grade, 20))[:, None]
    new = draw(fit(x, np.zeros(60, dtype=int), noise_scale=0.0), np.zeros(20 * M, dtype=np.int64))
    assert set(new[:, 0]) == set(grade)
    assert new.mean(dtype=np.float64) == pytest.approx(x.mean(), abs=0.04)  # to the nearest: 0.075
    beyond = draw(fit(x, np.zeros(60, dtype=int), noise_scale=9.0), ZEROS)
    assert set(beyond[:, 0]) <= set(grade)


def one_hot(codes):
    return np.eye(codes.max() + 1)[codes]


def ties(x, present=True):
    """The groups of columns that hold 0 and 1, where they are present."""
    return tied_columns(np.asarray(x) > 0.5, np.broadcast_to(present, np.shape(x)))


def test_groups_are_whole_categories_and_columns_tied_by_a_pair_never_seen():
    rng = np.random.default_rng(0)
    colour, size = (rng.integers(k, size=500) for k in (3, 4))
    sex, smoker, old = (rng.random((3, 500, 1)) < 0.4) * 1.0
    older = old * (rng.random((500, 1)) < 0.5)  # older, hence old: tied
    number = rng.standard_normal((500, 1))
    x = np.hstack([sex, one_hot(colour), number, one_hot(size), older, smoker, old])
    groups = fit(x, np.zeros(500, dtype=int)).groups
    assert groups[4] == -1
    names = "sCCC.ZZZZokO"
    together = [[a == b or {a, b} == {"o", "O"} for b in names] for a in names]
    assert_array_equal(groups[:, None] == groups, together)
    assert set(groups) == set(range(-1, 5))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_rare_category_does_not_tie_two_one_hot_groups(swapped):
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [1, 2]] * 3)  # never 2 with 2
    x = np.hstack([one_hot(codes[:, 0]), one_hot(codes[:, 1])])
    x = 1 - x if swapped else x  # as where "no" comes after "ja"
    assert ties(x).tolist() == [0, 0, 0, 1, 1, 1]
    without_first = ties(x[:, [1, 2, 4, 5]])  # no whole category is left
    assert without_first.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("unseen", range(4))
def test_any_pair_of_values_never_seen_ties_two_columns(unseen):
    pairs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    seen = np.delete(pairs, unseen, axis=0)
    assert ties(seen).tolist() == [0, 0]
    assert ties(seen[:, ::-1]).tolist() == [0, 0]
    assert ties(pairs).tolist() == [0, 1]
    present = (pairs != pairs[unseen]).any(axis=1, keepdims=True) | [[True, False]]
    assert ties(pairs, present).tolist() == [0, 0]  # what is missing is not seen
    x = np.hstack([np.tile(seen, (9, 1)), np.random.default_rng(0).random((27, 1))])
    new = draw(fit(x, np.zeros(27, dtype=int)), ZEROS)
    assert {tuple(pair) for pair in new[:, :2]} == {tuple(pair) for pair in seen.astype(float)}


def test_runs_do_not_overlap_and_ties_connect_through_a_third_column():
    a = np.array([[0.0], [1], [1]])
    assert ties(np.hstack([a, 1 - a, a])).tolist() == [0, 0, 1]
    x = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    x = x[~((x[:, 0] & x[:, 1]) | ~(x[:, 1] | x[:, 2]) & 1).astype(bool)]
    assert ties(x).tolist() == [0, 0, 0]


@pytest.mark.parametrize("units", [(), (1, 1, 2, 2)], ids=["found", "given"])
def test_groups_choose_their_row_independently(units):
    codes = np.array([[0, 0], [1, 1]] + [[0, 0], [0, 1], [1, 0], [1, 1]] * 3)
    x = np.hstack([one_hot(codes[:, 0]), one_hot(codes[:, 1])])
    new = draw(fit(x, [0] * 2 + [1] * 12, units=units), ZEROS)
    assert_array_equal(new[:, ::2] + new[:, 1::2], np.ones((M, 2)))
    # both groups choose with the same t: E[2 t (1 - t)] = 2 ln 2 - 1 for t = u / (u + v)
    assert (new[:, 0] != new[:, 2]).mean() == pytest.approx(2 * np.log(2) - 1, abs=0.03)


def test_a_block_of_a_tiny_table_is_no_number():
    new = draw(fit([[1.0, 0], [0, 1], [1, 0]], [0, 0, 0], units=(1, 1)), ZEROS)
    assert {tuple(row) for row in new} == {(1, 0), (0, 1)}


def with_missing_values(grades=None):
    """A number that is missing in half of the rows, its mark, and a block of three."""
    rng = np.random.default_rng(4)
    missing = rng.random(80) < 0.5
    number = 5 + rng.standard_normal(80) if grades is None else rng.choice(grades, 80)
    block, mark = np.eye(3)[rng.integers(3, size=80)], np.stack([~missing, missing], 1)
    x = np.c_[np.where(missing, 0, number), rng.standard_normal(80), block, mark]
    layout = {"units": (1, 0, 2, 2, 2, 1, 1), "missing": (6,)}
    return x, fit(x, np.zeros(80, dtype=int), **layout)


def test_blocks_are_taken_from_one_of_the_rows_each_by_itself():
    x, mixture = with_missing_values()
    new = draw(mixture, ZEROS)
    assert_array_equal(new[:, 2:5].sum(axis=1), np.ones(M))
    assert_array_equal(new[:, 5:].sum(axis=1), np.ones(M))
    assert_allclose(new[:, 2:].mean(axis=0), x[:, 2:].mean(axis=0), atol=0.03)
    assert len(np.unique(new[:, 2:], axis=0)) == 6  # every category with and without the number


def test_a_number_is_missing_where_its_row_lacks_it_and_whole_elsewhere():
    x, mixture = with_missing_values()
    new = draw(mixture, ZEROS)
    missing = new[:, 6] == 1
    assert (new[missing, 0] == 0).all()
    # nowhere pulled towards the 0 that stands for what is missing
    present, real = new[~missing, 0], x[x[:, 6] == 0, 0]
    assert present.mean() == pytest.approx(real.mean(), abs=0.15)
    assert present.min() > real.min() - 1.5
    # neither interpolated nor with a residual: 1/2 x 1/2, where both rows lack the number
    assert np.isin(present, real.astype(np.float32)).mean() == pytest.approx(1 / 4, abs=0.08)


def test_missing_numbers_that_recur_are_not_rounded():
    _, mixture = with_missing_values(grades=[2.0, 3, 5])
    new = draw(mixture, ZEROS)
    missing = new[:, 6] == 1
    assert (new[missing, 0] == 0).all()
    assert set(new[~missing, 0]) == {2, 3, 5}


def test_the_same_seed_gives_the_same_rows_and_a_pickle_too():
    x, y = table()
    mixture, labels = fit(x, y), [0, 1] * 20
    assert mixture.x is x
    assert_array_equal(draw(mixture, labels), draw(pickle.loads(pickle.dumps(mixture)), labels))
    assert (draw(mixture, labels) != draw(mixture, labels, seed=2)).any()
    assert draw(mixture, labels).dtype == np.float32
    assert draw(mixture, np.zeros(0, dtype=np.int64)).shape == (0, 6)


def test_rows_are_no_copies():
    x, y = table()
    new = draw(fit(x, y), np.repeat([0, 1], M))
    assert not (new[:, None] == x).all(axis=2).any()
