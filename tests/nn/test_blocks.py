"""Blocks are drawn with their own odds, and missing values have the rates of the class."""

import pytest
import torch
from samplers import make_rng

from skgan_resample.nn.blocks import BlockHead, BlockNoise, MissingRates
from skgan_resample.nn.networks import build, decoder_for

N = 20_000
LOGITS = torch.tensor([0.3, 1.0, 0.0, -1.0, 2.0, 2.0])  # a number, a block of 3, one of 2
ODDS = torch.cat([LOGITS[1:4].softmax(0), LOGITS[4:].softmax(0)])


def test_one_entry_of_each_block_is_drawn_with_its_probability():
    head = BlockHead((3, 2), make_rng(0))
    drawn = head(LOGITS.expand(N, -1))
    assert (drawn[:, 0] == LOGITS[0]).all()
    assert set(drawn[:, 1:].unique().tolist()) == {0.0, 1.0}
    assert (drawn[:, 1:4].sum(1) == 1).all()
    assert (drawn[:, 4:].sum(1) == 1).all()
    torch.testing.assert_close(drawn[:, 1:].mean(0), ODDS, atol=0.015, rtol=0)
    blocks = drawn[:, 1:4].T @ drawn[:, 4:] / N
    torch.testing.assert_close(blocks, torch.outer(ODDS[:3], ODDS[3:]), atol=0.015, rtol=0)


def test_probabilities_are_taken_as_they_are():
    shares = torch.tensor([0.5, 0.2, 0.0, 0.8, 1.0, 0.0])
    drawn = BlockHead((3, 2), make_rng(0), of_logits=False)(shares.expand(N, -1))
    torch.testing.assert_close(drawn.mean(0), shares, atol=0.015, rtol=0)
    assert (drawn[:, 2] == 0).all()  # what has no share is never drawn


def test_gradients_are_those_of_the_probabilities():
    weight = torch.tensor([7.0, 1.0, -2.0, 3.0, 4.0, -1.0])
    x = LOGITS.clone().requires_grad_()
    (BlockHead((3, 2), make_rng(0))(x[None]) @ weight).sum().backward()
    expected = LOGITS.clone().requires_grad_()
    soft = torch.cat([expected[:1], expected[1:4].softmax(0), expected[4:].softmax(0)])
    (soft @ weight).backward()
    torch.testing.assert_close(x.grad, expected.grad)


def test_large_outputs_neither_overflow_nor_tie():
    x = torch.tensor([[1e30, -1e30, 0.0, 500.0, 500.0]]).requires_grad_()
    drawn = BlockHead((3, 2), make_rng(0))(x)
    drawn.sum().backward()
    assert drawn[0, :3].tolist() == [1, 0, 0]
    assert drawn[0, 3:].sum() == 1
    assert x.grad.isfinite().all()


def test_draws_depend_on_the_stream_alone():
    x = torch.zeros((50, 5))
    first, again, other = (BlockHead((2, 3), make_rng(seed))(x) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_decoders_of_tables_end_with_the_head():
    head = BlockHead((3,), make_rng(0))
    decoder = build(lambda: decoder_for(4, (7,), head=head), make_rng(1), "cpu")
    made = decoder(torch.randn((9, 4), generator=make_rng(2)))
    assert (made[:, 4:].sum(1) == 1).all()
    assert made.shape == (9, 7)


def test_noise_is_on_blocks_in_training_alone():
    x, layer = LOGITS.expand(N, -1), BlockNoise(0.4, (3, 2), make_rng(0))
    added = layer(x) - x
    assert (added[:, 0] == 0).all()
    expected = 0.16 * torch.eye(5)
    torch.testing.assert_close(added[:, 1:].T.cov(), expected, atol=0.01, rtol=0)
    assert added.mean(0).abs().max() < 0.02
    assert layer.eval()(x) is x


def rows(*rates, n=N):
    """Rows of a number and two present/missing blocks, at the rates of each class in turn."""
    rng, parts = make_rng(5), []
    for class_rates in rates:
        x = torch.zeros((n, 5))
        for column, rate in zip((2, 4), class_rates, strict=True):
            x[:, column] = (torch.rand(n, generator=rng) < rate).float()
            x[:, column - 1] = 1 - x[:, column]
        parts.append(x)
    return torch.cat(parts), torch.arange(len(rates)).repeat_interleave(n)


REAL = [(0.5, 0.0), (0.1, 1.0)]


@pytest.mark.parametrize("made", [[(0.2, 0.6), (0.9, 0.3)], [(0, 1), (1, 0)], REAL], ids=str)
def test_missing_values_have_the_rates_of_the_class(made):
    x, y = rows(*made)
    corrected = MissingRates.fit([2, 4], rows(*REAL), (x, y)).apply(x, y, make_rng(0))
    for c, expected in enumerate(REAL):
        found = corrected[y == c][:, [2, 4]].mean(0)
        torch.testing.assert_close(found, torch.tensor(expected), atol=0.015, rtol=0)
    assert (corrected[y == 0, 4] == 0).all()  # exactly none where the class has none
    assert torch.equal(corrected[:, [1, 3]], 1 - corrected[:, [2, 4]])
    assert torch.equal(x, rows(*made)[0])  # the input is left alone


def test_missing_values_at_the_right_rate_stay_where_they_are():
    x, y = rows(*REAL)
    corrected = MissingRates.fit([2, 4], (x, y), (x, y)).apply(x, y, make_rng(0))
    assert torch.equal(corrected, x)
