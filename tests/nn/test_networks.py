"""Networks: shapes, weights from a given stream, and what they do with a label."""

import copy
import math
from functools import partial

import pytest
import torch
from samplers import make_rng
from torch import nn

from skgan_resample.nn.networks import (
    SLOPE,
    ClassScale,
    ConcatDiscriminator,
    ConcatGenerator,
    Dropout,
    LinearHead,
    ProductDiscriminator,
    ProductGenerator,
    ResidualBlock,
    Stacked,
    TransposedConv,
    UnlabelledGenerator,
    build,
    decoder_for,
    halvings,
    trunk_for,
    upsample,
)

pytestmark = pytest.mark.usefixtures("untouched_globals")

IMAGES = [
    (1, 1, 1),
    (1, 1, 9),
    (3, 7, 7),
    (1, 8, 8),
    (1, 28, 28),
    (3, 32, 32),
    (2, 37, 53),
    (3, 100, 100),
]
TABLES = [(1,), (2,), (127,), (129,), (1000,)]
Y = torch.tensor([0, 2, 1])


def normal(*shape, seed=0):
    return torch.randn(shape, generator=make_rng(seed))


@pytest.mark.parametrize("shape", IMAGES + TABLES)
def test_encoders_and_critics_take_any_sample(shape):
    x = normal(3, *shape)
    encoder = build(lambda: LinearHead(trunk_for(shape), 5), make_rng(0), "cpu")
    assert encoder(x).shape == (3, 5)
    assert encoder.trunk(x).shape == (3, encoder.trunk.n_features)
    for critic_class in (ConcatDiscriminator, ProductDiscriminator):
        critic = build(lambda: critic_class(trunk_for(shape), 3), make_rng(0), "cpu")  # noqa: B023
        scores = critic(x, Y)
        assert scores.shape == (3,)
        assert scores.isfinite().all()


@pytest.mark.parametrize("enlarge", [upsample, TransposedConv])
@pytest.mark.parametrize("shape", IMAGES)
def test_picture_decoders_make_any_size(shape, enlarge):
    decoder = build(lambda: decoder_for(4, shape, enlarge=enlarge, kernel=7), make_rng(0), "cpu")
    x = decoder(normal(3, 4))
    assert x.shape == (3, *shape)
    assert x.abs().max() <= 1
    # another code changes the whole image, up to its edges
    assert (x[0] != x[1]).float().mean() > 0.8


@pytest.mark.parametrize("shape", TABLES)
def test_table_decoders_make_any_width(shape):
    decoder = build(lambda: decoder_for(4, shape), make_rng(0), "cpu")
    assert decoder(normal(3, 4)).shape == (3, *shape)
    assert decoder(100 * normal(3, 4)).abs().max() > 1  # standardised columns have no bounds


def test_the_kind_of_network_follows_the_shape_of_a_sample():
    with torch.device("meta"):
        assert isinstance(trunk_for((7,))[0], nn.Linear)
        assert isinstance(trunk_for((1, 7, 1))[0], nn.Conv2d)
        assert [trunk_for((7,), n).n_features for n in (1, 128)] == [1, 128]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 1), [(1, 1)]),
        ((7, 7), [(7, 7)]),
        ((8, 8), [(8, 8), (4, 4)]),
        ((1, 9), [(1, 9), (1, 5)]),
        ((100, 3), [(100, 3), (50, 2), (25, 1), (13, 1), (7, 1)]),
    ],
)
def test_halvings(size, expected):
    assert halvings(*size) == expected


def test_every_weight_of_a_decoder_reaches_the_output():
    decoder = build(lambda: decoder_for(4, (2, 37, 53)), make_rng(0), "cpu")
    decoder(normal(2, 4)).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in decoder.parameters())


@pytest.mark.parametrize("shape", [(6,), (2, 9, 9)])
def test_build_draws_from_its_stream_alone(shape):
    def factory():
        return ProductDiscriminator(trunk_for(shape), 3)

    def weights(seed):
        return torch.cat([w.flatten() for w in build(factory, make_rng(seed), "cpu").parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))
    rng = make_rng(0)
    first, second = (next(build(factory, rng, "cpu").parameters()) for _ in range(2))
    assert not torch.equal(first, second)


def test_build_draws_each_kind_of_weight_from_its_own_law():
    rng = make_rng(0)
    network = build(
        lambda: nn.ModuleList([nn.Linear(200, 300), nn.Conv2d(40, 50, 3), nn.Embedding(50, 200)]),
        rng,
        "cpu",
    )
    dense, convolution, embedding = network
    gain = math.sqrt(2 / (1 + SLOPE**2))
    assert dense.weight.std().item() == pytest.approx(gain / math.sqrt(200), rel=0.02)
    assert convolution.weight.std().item() == pytest.approx(gain / math.sqrt(360), rel=0.03)
    assert dense.bias.abs().max() == convolution.bias.abs().max() == 0
    assert -0.05 <= embedding.weight.min() < -0.0499
    assert 0.0499 < embedding.weight.max() <= 0.05
    scale = build(lambda: ClassScale(50, 200), rng, "cpu")
    assert scale.weight.std().item() == pytest.approx(1, rel=0.02)
    assert all(p.device.type == "cpu" and p.dtype == torch.float32 for p in network.parameters())


def test_residual_block_by_hand():
    block = build(lambda: ResidualBlock(partial(nn.Linear, 2, 2)), make_rng(0), "cpu")
    with torch.no_grad():
        for p in block.parameters():
            p.zero_()
        block.body[2].bias += torch.tensor([1.0, -5.0])
    torch.testing.assert_close(
        block(torch.tensor([[2.0, 3.0]])), torch.tensor([[3.0, -2.0 * SLOPE]])
    )


def test_dropout_statistics():
    layer = Dropout(0.4, make_rng(0))
    y = layer(torch.ones(200, 1000))
    # 200,000 draws: the share has a standard error of 0.0011.
    assert (y == 0).float().mean().item() == pytest.approx(0.4, abs=0.006)
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / 0.6]))
    assert y.mean().item() == pytest.approx(1, abs=0.01)


def test_dropout_repeats_with_its_stream_and_rests_in_eval_mode():
    x = torch.ones(4, 50)
    layer = Dropout(0.5, make_rng(0))
    first, second = layer(x), layer(x)
    assert not torch.equal(first, second)
    assert torch.equal(Dropout(0.5, make_rng(0))(x), first)
    layer.eval()
    assert layer(x) is x
    assert Dropout(0.0, make_rng(0))(x) is x


@pytest.mark.parametrize("shape", [(6,), (1, 8, 8)])
def test_trunks_use_the_dropout_they_are_given(shape):
    rng = make_rng(1)
    trunk = build(lambda: trunk_for(shape, dropout=lambda: Dropout(0.5, rng)), make_rng(0), "cpu")
    x = normal(2, *shape)
    assert not torch.equal(trunk(x), trunk(x))
    trunk.eval()
    assert torch.equal(trunk(x), trunk(x))


def test_unlabelled_generator_ignores_the_label():
    generator = build(lambda: UnlabelledGenerator(decoder_for(4, (6,))), make_rng(0), "cpu")
    z = normal(3, 4)
    assert torch.equal(generator(z, Y), generator(z, Y.flip(0)))
    assert torch.equal(generator(z, Y), generator.decoder(z))


def test_concat_generator_puts_code_and_one_hot_label_side_by_side():
    generator = build(lambda: ConcatGenerator(decoder_for(4 + 3, (6,)), 3), make_rng(0), "cpu")
    z = normal(3, 4)
    label = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert torch.equal(generator(z, Y), generator.decoder(torch.cat([z, label], 1)))
    assert not torch.equal(generator(z, Y), generator(z, Y.flip(0)))


def test_concat_generator_without_labels():
    generator = build(lambda: ConcatGenerator(decoder_for(4 + 3, (6,)), 3), make_rng(0), "cpu")
    z = normal(3, 4)
    expected = generator.decoder(torch.cat([z, torch.zeros(3, 3)], 1))
    assert torch.equal(generator(z, None), expected)


def test_product_generator_decodes_code_times_embedding():
    generator = build(lambda: ProductGenerator(decoder_for(4, (6,)), 3, 4), make_rng(0), "cpu")
    z = normal(3, 4)
    embedded = generator.embedding.weight[[0, 2, 1]]
    assert torch.equal(generator(z, Y), generator.decoder(z * embedded))
    assert not torch.equal(generator(z, Y), generator(z, Y.flip(0)))


def test_product_generator_starts_with_codes_of_their_own_size():
    """Embeddings near zero may become zero for a class, where all its codes give one row."""
    generator = build(lambda: ProductGenerator(decoder_for(64, (6,)), 50, 64), make_rng(0), "cpu")
    sizes = generator.embedding.weight.square().mean(1)
    assert sizes.min() > 0.5


def test_critics_use_the_label_as_documented():
    x = normal(3, 6)
    concat = build(lambda: ConcatDiscriminator(trunk_for((6,)), 3), make_rng(0), "cpu")
    label = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])  # of Y
    weight = torch.cat([concat.features.weight, concat.label.weight.T], 1)
    joint = torch.cat([concat.trunk(x), label], 1) @ weight.T + concat.features.bias
    expected = concat.head(nn.functional.leaky_relu(joint, 0.2))[:, 0]
    torch.testing.assert_close(concat(x, Y), expected)
    product = build(lambda: ProductDiscriminator(trunk_for((6,)), 3), make_rng(0), "cpu")
    expected = product.head(product.trunk(x) * product.embedding.weight[[0, 2, 1]])[:, 0]
    assert torch.equal(product(x, Y), expected)
    for critic in (concat, product):
        assert (critic(x, Y) != critic(x, (Y + 1) % 3)).all()


def test_a_layer_that_build_does_not_know_is_refused():
    with pytest.raises(TypeError, match="LayerNorm"):
        build(lambda: nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)), make_rng(0), "cpu")


# One network per class, all at once


@pytest.mark.parametrize("shape", [(5,), (2, 9, 8)])
@pytest.mark.parametrize("labels", [[2, 0, 1, 1, 2, 0], [1, 0, 1, 2], [2, 2]])
def test_stacked_networks_are_those_of_each_class(shape, labels):
    make = partial(build, lambda: LinearHead(trunk_for(shape, 16), 3), make_rng(0), "cpu")
    alone = [make() for _ in range(3)]
    stacked = Stacked(copy.deepcopy(alone), nn.Tanh())
    x, y = torch.randn(len(labels), *shape, generator=make_rng(1)), torch.tensor(labels)
    expected = torch.cat([alone[c](one[None]) for one, c in zip(x, labels, strict=True)]).tanh()
    torch.testing.assert_close(stacked(x, y), expected)
    stacked(x, y).square().sum().backward()
    expected.square().sum().backward()
    for together, *apart in zip(
        stacked.parameters(), *(network.parameters() for network in alone), strict=True
    ):
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in apart]
        torch.testing.assert_close(together.grad, torch.stack(gradients))


def test_stacked_networks_can_be_taken_in_another_order():
    networks = [build(lambda: nn.Linear(2, 2), make_rng(seed), "cpu") for seed in range(3)]
    stacked, x = Stacked(copy.deepcopy(networks)), torch.ones(3, 2)
    stacked.take([2, 0, 2, 1])
    expected = torch.stack([networks[c](x[0]) for c in (2, 1, 0)])
    torch.testing.assert_close(stacked(x, torch.tensor([0, 3, 1])), expected)


def test_dropout_of_stacked_networks_differs_by_class():
    dropout = partial(Dropout, 0.5, make_rng(0))
    stacked = Stacked([nn.Sequential(dropout()) for _ in range(2)])
    kept = stacked(torch.ones(2, 64), torch.arange(2)) > 0
    assert (kept[0] != kept[1]).any()
    assert (stacked.eval()(torch.ones(2, 64), torch.arange(2)) == 1).all()
