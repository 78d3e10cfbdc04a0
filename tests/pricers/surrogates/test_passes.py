"""The compiled passes against their readable form, and that against central differences and jax."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.surrogates.network.activations import ACTIVATIONS, Activation, require_activation
from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.compiled_passes import MOST_LAYERS, Passes
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import Loss, Samples
from pricers.surrogates.network.twins.passes import backward, forward, loss_and_gradient
from pricers.surrogates.network.twins.training_epoch import train_epoch

SHAPES = [((3, 5, 4, 2), 37), ((7, 20, 20, 20, 20, 1), 300), ((2, 1), 9), ((1, 20, 3), 70), ((9, 33, 6), 65)]
EACH_ACTIVATION = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def case(
    rng: np.random.Generator,
    sizes: tuple[int, ...],
    n: int,
    dtype: str = "float64",
    differential: bool = True,
) -> tuple[Layout, Samples, Loss, np.ndarray]:
    """Return random samples, weights of the loss and of the network."""
    layout, d, m = Layout(sizes), sizes[0], sizes[-1]
    x, y, dydx = (rng.standard_normal(shape).astype(dtype) for shape in ((n, d), (n, m), (n, m, d)))
    loss = Loss(0.3, rng.uniform(0.5, 1.0, (m, d)).astype(dtype))
    weights = layout.draw(rng, dtype) + 0.1 * rng.standard_normal(layout.n_weights).astype(dtype)
    return layout, Samples(x, y, dydx if differential else None), loss, weights


@EACH_ACTIVATION
def test_slopes_and_curvatures_are_derivatives(activation: Activation) -> None:
    z = np.array([-40.0, -3.0, -0.7, -0.1, 0.1, 0.9, 4.0, 35.0])
    h = 1e-5
    value, slope, curvature = activation.derivatives(z)
    above, below = activation.derivatives(z + h), activation.derivatives(z - h)
    np.testing.assert_allclose(slope, (above[0] - below[0]) / (2.0 * h), atol=1e-9)
    np.testing.assert_allclose(curvature, (above[1] - below[1]) / (2.0 * h), atol=1e-9)
    assert np.isfinite(value).all()


@EACH_ACTIVATION
def test_activations_do_not_overflow(activation: Activation) -> None:
    for numbers in activation.derivatives(np.array([-800.0, 800.0])):
        assert np.isfinite(numbers).all()


def test_greeks_are_derivatives_of_the_values(rng: np.random.Generator) -> None:
    layout, samples, _, weights = case(rng, (3, 5, 4, 2), 6)
    activation = ACTIVATIONS["softplus"]
    passed = forward(layout, activation, weights, samples.x)
    for output in range(2):
        _, _, dydx = backward(layout, weights, passed, output)
        for j in range(3):
            step = 1e-5 * np.eye(3)[j]
            above = forward(layout, activation, weights, samples.x + step).values[-1][:, output]
            below = forward(layout, activation, weights, samples.x - step).values[-1][:, output]
            np.testing.assert_allclose(dydx[:, j], (above - below) / 2e-5, atol=1e-9)


@EACH_ACTIVATION
@pytest.mark.parametrize("differential", [True, False])
def test_the_gradient_is_the_loss_s_derivative(
    rng: np.random.Generator, activation: Activation, differential: bool
) -> None:
    layout, samples, loss, weights = case(rng, (3, 5, 4, 2), 11, differential=differential)
    value_loss, slope_loss, gradient = loss_and_gradient(layout, activation, weights, samples, loss)
    assert value_loss > 0.0 and (slope_loss > 0.0) == differential
    for i in range(layout.n_weights):
        step = 1e-5 * np.eye(layout.n_weights)[i]
        above = sum(loss_and_gradient(layout, activation, weights + step, samples, loss)[:2])
        below = sum(loss_and_gradient(layout, activation, weights - step, samples, loss)[:2])
        assert gradient[i] == pytest.approx((above - below) / 2e-5, abs=2e-8)


@pytest.mark.peers
def test_the_gradient_is_jax_s(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    layout, samples, loss, weights = case(rng, (7, 20, 20, 20, 20, 1), 50)

    def network(flat: object, x: object) -> object:
        *hidden, (last, bias) = layout.layers(flat)  # type: ignore[arg-type]
        for w, b in hidden:
            x = jax.nn.softplus(x @ w + b)
        return (x @ last + bias)[0]

    def total(flat: object) -> object:
        values, slopes = jax.vmap(jax.value_and_grad(network, 1), (None, 0))(flat, samples.x)
        value_loss = loss.value_weight * jax.numpy.mean((values - samples.y[:, 0]) ** 2)
        return value_loss + jax.numpy.sum(
            loss.slope_weights[0] * jax.numpy.mean((slopes - samples.dydx[:, 0]) ** 2, 0)
        )

    ours = Passes(layout.sizes, 0, "float64").loss_and_gradient(weights, samples, loss)
    theirs = jax.value_and_grad(total)(weights)
    assert ours[0] + ours[1] == pytest.approx(float(theirs[0]), rel=1e-13)
    np.testing.assert_allclose(ours[2], theirs[1], rtol=1e-10, atol=1e-13)


@EACH_ACTIVATION
@pytest.mark.parametrize(("sizes", "n"), SHAPES)
@pytest.mark.parametrize(("dtype", "near"), [("float64", 1e-12), ("float32", 2e-5)])
def test_compiled_gradients_are_those_of_the_twin(
    rng: np.random.Generator,
    instructions: str,
    activation: Activation,
    sizes: tuple[int, ...],
    n: int,
    dtype: str,
    near: float,
) -> None:
    for differential in (True, False):
        layout, samples, loss, weights = case(rng, sizes, n, dtype, differential)
        passes = Passes(sizes, activation.code, dtype)
        *losses, gradient = passes.loss_and_gradient(weights, samples, loss)
        *expected, wanted = loss_and_gradient(layout, activation, weights, samples, loss)
        np.testing.assert_allclose(losses, expected, rtol=near)
        np.testing.assert_allclose(gradient, wanted, rtol=0.0, atol=near * np.abs(wanted).max())
        assert passes.losses(weights, samples, loss) == tuple(losses)


@pytest.mark.parametrize("sizes", [(7, 20, 20, 1), (2, 5, 3)])
def test_a_compiled_epoch_is_the_twin_s(
    rng: np.random.Generator, instructions: str, sizes: tuple[int, ...]
) -> None:
    layout, samples, loss, weights = case(rng, sizes, 301)
    activation = ACTIVATIONS["softplus"]
    ours, twin = Adam(weights.copy(), floor=1e-4), Adam(weights.copy(), floor=1e-4)
    order, rates = rng.permutation(301), np.array([0.01, 0.02, 0.005, 0.001])
    losses = Passes(sizes, 0, "float64").train_epoch(ours, samples, loss, order, rates)
    assert losses == pytest.approx(
        train_epoch(layout, activation, twin, samples, loss, order, rates), rel=1e-12
    )
    np.testing.assert_allclose(ours.weights, twin.weights, rtol=0.0, atol=1e-12)
    assert ours.n_steps == twin.n_steps == 4
    assert np.abs(ours.weights - weights).max() > 0.01


@EACH_ACTIVATION
def test_single_precision_activations_hold_everywhere(activation: Activation) -> None:
    """A layer of one unit of weight one: the compiled functions over the whole line."""
    z = np.concatenate(
        [np.linspace(-120.0, 120.0, 4801), np.geomspace(1e-30, 1.0, 200), -np.geomspace(1e-30, 1.0, 200)]
    )
    samples = Samples(
        z.astype(np.float32)[:, None], np.zeros((len(z), 1), np.float32), np.zeros((len(z), 1, 1), np.float32)
    )
    weights = np.array([1.0, 0.0, 1.0, 0.0], dtype=np.float32)
    value, slope, _ = activation.derivatives(samples.x[:, 0].astype(np.float64))
    for row in range(0, len(z), 41):
        one = samples.take(np.array([row]))
        losses = Passes((1, 1, 1), activation.code, "float32").losses(
            weights, one, Loss(1.0, np.ones((1, 1), np.float32))
        )
        assert losses == pytest.approx((value[row] ** 2, slope[row] ** 2), rel=1e-5, abs=1e-12)


def test_refused_activations_say_why() -> None:
    with pytest.raises(AadValueError, match="slope jumps"):
        require_activation("relu")
    with pytest.raises(AadValueError, match="choose one of softplus"):
        require_activation("cubic")


def test_too_many_layers_are_refused() -> None:
    with pytest.raises(AadValueError, match="must have 1 to"):
        Passes((2,) * (MOST_LAYERS + 2), 0, "float64")
