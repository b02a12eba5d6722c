"""The laws of the drafts: where they lie, what they keep, what they borrow."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from skgan_resample.nn.anchors import TableAnchors, groups_of_columns, pairs_of_class
from skgan_resample.nn.device import make_rng
from skgan_resample.nn.networks import build, corrector_for
from skgan_resample.nn.picture_anchors import PictureAnchors, shift_and_mirror
from skgan_resample.nn.players import CorrectingGenerator

M = 4000


def table():
    """Classes of 60 and 4 rows: two real columns, a one-hot pair, a grade of 1..5, a constant."""
    rng = make_rng(3)
    y = torch.tensor([0] * 60 + [1] * 4)[torch.randperm(64, generator=rng)]
    x = torch.randn((64, 6), generator=rng) + 10 * y[:, None]
    x[:, 2] = (torch.rand(64, generator=rng) < 0.5).float()
    x[:, 3] = 1 - x[:, 2]
    x[:, 4] = torch.randint(1, 6, (64,), generator=rng).float()
    x[:, 5] = 7.0
    return x, y


def test_pairs_are_two_different_rows_of_the_class():
    counts = torch.tensor([3, 1, 2])
    y = torch.randint(3, (M,), generator=make_rng(0))
    first, second = pairs_of_class(counts, y, make_rng(1))
    owner = torch.tensor([0, 0, 0, 1, 2, 2])
    assert torch.equal(owner[first], y)
    assert torch.equal(owner[second], y)
    assert (first[y != 1] != second[y != 1]).all()
    pairs = torch.stack([first, second], 1)[y == 0]
    assert len(pairs.unique(dim=0)) == 6  # every ordered pair of three rows comes up


def test_without_blur_drafts_lie_between_two_rows_of_the_class():
    x, y = table()
    anchors = TableAnchors.fit(x, y, 2, make_rng(0), blur=0.0)
    drafts = anchors.draw(torch.ones(M, dtype=torch.long), make_rng(1))[:, :2].double()
    rows = x[y == 1][:, :2].double()
    start, end = rows.repeat_interleave(4, 0), rows.repeat(4, 1)
    along = end - start
    t = ((drafts[:, None] - start) * along).sum(2) / along.square().sum(1).clamp_min(1e-12)
    nearest = start + t.clamp(0, 1)[..., None] * along
    assert (drafts[:, None] - nearest).norm(dim=2).amin(1).max() < 1e-5


def test_the_weight_is_a_ratio_of_uniforms():
    x, y = torch.tensor([[0.0], [1.0], [5.0], [6.0]]), torch.tensor([0, 0, 1, 1])
    anchors = TableAnchors.fit(x, y, 2, make_rng(0), blur=0.0)
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1)).squeeze(1).numpy()

    def cdf(t):  # P(u / (u + v) <= t) for u, v ~ U(0, 1)
        return np.where(t <= 0.5, t / (2 * (1 - t).clip(1e-9)), 1 - (1 - t) / (2 * t.clip(1e-9)))

    assert kstest(drafts, cdf).pvalue > 0.01


def test_blur_borrows_the_variation_within_all_classes_in_equal_parts():
    rng = make_rng(0)
    x = torch.cat([3 * torch.randn((500, 1), generator=rng), torch.full((2, 1), 50.0)])
    x[-1] += 0.002
    y = torch.tensor([0] * 500 + [1] * 2)
    anchors = TableAnchors.fit(x, y, 2, make_rng(0), blur=0.5)
    spread = (anchors.draw(torch.ones(M, dtype=torch.long), make_rng(1)) - 50).var().item()
    # half the drafts borrow from class 0, variance 0.5**2 * 9, and half from class 1, next to none
    assert spread == pytest.approx(0.5**2 * 9 / 2, rel=0.15)


def test_columns_of_two_values_come_from_one_row_together():
    x, y = table()
    anchors = TableAnchors.fit(x, y, 2, make_rng(0))
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1))
    assert set(drafts[:, 2].tolist()) == {0.0, 1.0}
    assert torch.equal(drafts[:, 2] + drafts[:, 3], torch.ones(M))
    share = x[y == 0][:, 2].mean().item()
    assert drafts[:, 2].mean().item() == pytest.approx(share, abs=0.04)


def one_hot(codes):
    return torch.nn.functional.one_hot(codes).float()


def test_groups_are_whole_categories_and_columns_tied_by_a_pair_never_seen():
    rng = make_rng(0)
    colour, size = (torch.randint(k, (500,), generator=rng) for k in (3, 4))
    sex, smoker, old = (torch.rand((3, 500, 1), generator=rng) < 0.4).float()
    older = old * (torch.rand((500, 1), generator=rng) < 0.5)  # older, hence old: tied
    number = torch.randn((500, 1), generator=rng)
    x = torch.cat([sex, one_hot(colour), number, one_hot(size), older, smoker, old], 1)
    groups = groups_of_columns(x, torch.arange(12) != 4).tolist()
    assert groups[4] == -1
    names = "sCCC.ZZZZokO"
    same = [[a == b for b in groups] for a in groups]
    together = [[a == b or {a, b} == {"o", "O"} for b in names] for a in names]
    assert same == together
    assert set(groups) == set(range(-1, 5))


def test_a_rare_category_does_not_tie_two_one_hot_groups():
    codes = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [1, 2]] * 3)  # never 2 with 2
    x = torch.cat([one_hot(codes[:, 0]), one_hot(codes[:, 1])], 1)
    every = torch.ones(6, dtype=torch.bool)
    assert groups_of_columns(x, every).tolist() == [0, 0, 0, 1, 1, 1]
    without_first = groups_of_columns(x[:, [1, 2, 4, 5]], every[:4])  # no whole category is left
    assert without_first.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("unseen", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_any_pair_of_values_never_seen_ties_two_columns(unseen):
    pairs = torch.cartesian_prod(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]))
    seen = pairs[(pairs != torch.tensor(unseen)).any(1)]
    both = torch.ones(2, dtype=torch.bool)
    assert groups_of_columns(seen, both).tolist() == [0, 0]
    assert groups_of_columns(seen.flip(1), both).tolist() == [0, 0]
    assert groups_of_columns(pairs, both).tolist() == [0, 1]


def test_runs_do_not_overlap():
    a = torch.tensor([[0.0], [1.0], [1.0]])
    x = torch.cat([a, 1 - a, a], 1)
    assert groups_of_columns(x, torch.ones(3, dtype=torch.bool)).tolist() == [0, 0, 1]


def test_ties_connect_through_a_third_column():
    seen = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    x = seen[~(((seen[:, 0] == 1) & (seen[:, 1] == 1)) | ((seen[:, 1] == 0) & (seen[:, 2] == 0)))]
    assert groups_of_columns(x, torch.ones(3, dtype=torch.bool)).tolist() == [0, 0, 0]


def test_groups_choose_their_row_independently():
    codes = torch.tensor([[0, 0], [1, 1]] + [[0, 0], [0, 1], [1, 0], [1, 1]] * 3)
    x = torch.cat([one_hot(codes[:, 0]), one_hot(codes[:, 1])], 1)
    anchors = TableAnchors.fit(x, torch.tensor([0] * 2 + [1] * 12), 2, make_rng(0))
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1))
    assert torch.equal(drafts[:, ::2] + drafts[:, 1::2], torch.ones((M, 2)))
    mixed = (drafts[:, 0] != drafts[:, 2]).float().mean().item()
    # both groups choose with the same t: E[2 t (1 - t)] = 2 ln 2 - 1 for t = u / (u + v)
    assert mixed == pytest.approx(2 * np.log(2) - 1, abs=0.03)


def test_settling_rounds_recurring_values_and_keeps_the_mean():
    x, y = table()
    anchors = TableAnchors.fit(x, y, 2, make_rng(0))
    corrected = torch.full((M, 6), 2.3)
    draft = torch.zeros((M, 6))
    settled = anchors.settle(corrected, draft, make_rng(1))
    assert torch.equal(settled[:, :2], corrected[:, :2])  # free columns stay
    assert torch.equal(settled[:, 2:4], draft[:, 2:4])  # two values: the draft's
    assert set(settled[:, 4].tolist()) == {2.0, 3.0}
    assert settled[:, 4].mean().item() == pytest.approx(2.3, abs=0.04)
    assert torch.equal(settled[:, 5], torch.full((M,), 7.0))


def test_settling_clips_recurring_values_and_passes_gradients():
    x, y = table()
    anchors = TableAnchors.fit(x, y, 2, make_rng(0))
    corrected = torch.tensor([[0.0] * 6, [99.0] * 6]).requires_grad_()
    settled = anchors.settle(corrected, torch.zeros((2, 6)), make_rng(1))
    assert settled[:, 4].tolist() == [1.0, 5.0]
    settled.sum().backward()
    assert corrected.grad[:, 4].tolist() == [1.0, 1.0]


def mixed():
    """Class 0 of a number that is missing in half of the rows, its mark, and a block of three."""
    rng = make_rng(4)
    missing = torch.rand(80, generator=rng) < 0.5
    number = torch.where(missing, 0.0, 5 + torch.randn(80, generator=rng))
    block = torch.eye(3)[torch.randint(3, (80,), generator=rng)]
    mark = torch.stack([~missing, missing], 1).float()
    x = torch.cat([number[:, None], torch.randn((80, 1), generator=rng), block, mark], 1)
    layout = {"units": (1, 0, 2, 2, 2, 1, 1), "gaps": ((0, 6),)}
    return TableAnchors.fit(x, torch.zeros(80, dtype=torch.long), 1, rng, **layout), x


def test_blocks_are_taken_from_one_of_the_rows_each_by_itself():
    anchors, x = mixed()
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1))
    assert (drafts[:, 2:5].sum(1) == 1).all()
    assert set(drafts[:, 2:].unique().tolist()) == {0.0, 1.0}
    for columns in (slice(2, 5), slice(5, 7)):
        torch.testing.assert_close(
            drafts[:, columns].mean(0), x[:, columns].mean(0), atol=0.03, rtol=0
        )
    rows = {tuple(row) for row in x[:, 2:].tolist()}
    assert len(rows) == 6  # every category with and without the number


def test_categories_of_two_rows_are_mixed():
    x = torch.tensor([[1.0, 0, 1, 0], [0.0, 1, 0, 1]])
    y = torch.zeros(2, dtype=torch.long)
    anchors = TableAnchors.fit(x, y, 1, make_rng(0), units=(1, 1, 2, 2))
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1))
    mixed = (drafts[:, 0] != drafts[:, 2]).float().mean().item()
    # 2 E[t (1 - t)] for t = u / (u + v), whose square has the mean 1 - ln 2 (by integration)
    assert mixed == pytest.approx(2 * (0.5 - (1 - np.log(2))), abs=0.03)


def test_a_number_is_missing_where_its_row_lacks_it_and_whole_elsewhere():
    anchors, x = mixed()
    drafts = anchors.draw(torch.zeros(M, dtype=torch.long), make_rng(1))
    missing = drafts[:, 6] == 1
    assert missing.float().mean().item() == pytest.approx(x[:, 6].mean().item(), abs=0.03)
    assert (drafts[missing, 0] == 0).all()
    # nowhere pulled towards the 0 that stands for what is missing
    present, real = drafts[~missing, 0], x[x[:, 6] == 0, 0]
    assert present.mean().item() == pytest.approx(real.mean().item(), abs=0.15)
    assert present.min() > real.min() - 1.5
    settled = anchors.settle(drafts + 1, drafts, make_rng(2))
    assert torch.equal(settled[missing, 0], drafts[missing, 0])
    assert torch.equal(settled[~missing, 0], drafts[~missing, 0] + 1)
    assert torch.equal(settled[:, 2:], drafts[:, 2:])


def test_a_block_of_a_tiny_table_is_no_number():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    anchors = TableAnchors.fit(x, torch.tensor([0, 0, 0]), 1, make_rng(0), units=(1, 1))
    drafts = anchors.draw(torch.zeros(50, dtype=torch.long), make_rng(1))
    assert {tuple(row) for row in drafts.tolist()} == {(1.0, 0.0), (0.0, 1.0)}


def test_a_class_of_one_row_and_no_lender():
    anchors = TableAnchors.fit(
        torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([0, 1]), 2, make_rng(0)
    )
    drafts = anchors.draw(torch.tensor([1, 1]), make_rng(1))
    assert drafts.tolist() == [[3.0, 4.0], [3.0, 4.0]]


def test_the_generator_starts_as_the_identity():
    for shape in [(5,), (2, 6, 4)]:
        generator = build(
            lambda s=shape: CorrectingGenerator(corrector_for(s), 3, s), make_rng(0), "cpu"
        )
        generator.start()
        x, y = torch.randn((4, *shape), generator=make_rng(1)), torch.tensor([0, 1, 2, 0])
        assert torch.equal(generator(x, y), x)


def faces(n=40, size=28, seed=0):
    """Class 0: a bar left or right of the middle (symmetric); class 1: always left of it."""
    rng = np.random.default_rng(seed)
    x, y = -np.ones((n, 1, size, size), dtype=np.float32), np.arange(n) % 2
    for picture, label in zip(x, y, strict=True):
        column = rng.integers(2, 10)
        if label == 0 and rng.random() < 0.5:
            column = size - 1 - column
        picture[0, rng.integers(2, 8) :, column] = rng.uniform(0, 1)
    return torch.from_numpy(x), torch.from_numpy(y)


def test_every_part_of_a_draft_comes_from_a_picture_of_the_class():
    x, y = faces()
    anchors = PictureAnchors.fit(x, y, 2, make_rng(0))
    drafts = anchors.draw(torch.ones(200, dtype=torch.long), make_rng(1))
    own = x[y == 1]
    assert (drafts >= own.amin(0) - 1e-6).all()
    assert (drafts <= own.amax(0) + 1e-6).all()
    copies = (drafts[:, None] == own).flatten(2).all(2).any(1).float().mean()
    assert 0.4 < copies < 0.8  # every other one, and those whose mask is all but empty


def test_neighbours_are_of_the_same_class_and_not_the_picture_itself():
    x, y = faces()
    anchors = PictureAnchors.fit(x, y, 2, make_rng(0))
    numbers = torch.arange(40)[:, None]
    assert ((anchors.neighbours < 20) == (numbers < 20)).all()
    assert (anchors.neighbours != numbers).all()


def test_only_symmetric_classes_are_mirrored():
    anchors = PictureAnchors.fit(*faces(400), 2, make_rng(0))
    symmetric, lopsided = anchors.mirrored.tolist()
    assert symmetric > 0.3
    assert lopsided < 0.1


def test_shift_and_mirror_move_whole_pictures():
    x = torch.arange(28.0).expand(300, 1, 28, 28)  # brightness grows to the right
    moved = shift_and_mirror(x, torch.zeros(300), make_rng(0))[:, 0, 14]
    steps = {round(row[14].item()) - 14 for row in moved}
    assert steps == {-2, -1, 0, 1, 2}
    mirrored = shift_and_mirror(x, torch.ones(300), make_rng(0))[:, 0, 14]
    assert (mirrored.diff(dim=1) <= 0).all()


def test_varied_pictures_stay_in_range():
    x, y = faces()
    anchors = PictureAnchors.fit(x, y, 2, make_rng(0))
    varied = anchors.vary(x, y, make_rng(1))
    assert varied.shape == x.shape
    assert -1 <= varied.min() <= varied.max() <= 1
    assert 0.1 < (varied == x).flatten(1).all(1).float().mean() < 0.5
