"""The twin network against torch and jax: training time, error over seeds, and the time of price with all Greeks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from contests import Settings
from contests.racing import Contestants, first_call, line, race
from pricers.surrogates import (
    BachelierBasket,
    OneCycle,
    OutsideRange,
    TrainingCollapsed,
    TwinNetwork,
    simulate,
)

HIDDEN = (20, 20, 20, 20)
EPOCHS = 100
RACES = ((1, 8192), (7, 16384), (50, 65536))
CASES = (
    *((7, n, bar) for n, bar in ((4096, 0.12), (8192, 0.09), (16384, 0.06))),
    *((20, n, bar) for n, bar in ((4096, 0.23), (8192, 0.13), (16384, 0.09))),
    *((50, n, bar) for n, bar in ((16384, 0.20), (65536, 0.07), (131072, 0.06))),
)
"""Assets, samples, and the price rmse (times 100) to reach."""

Arrays = tuple[Any, Any, Any]


def basket(d: int, n: int, seed: int) -> tuple[Arrays, Arrays]:
    """Return n samples of a call on a basket of d Bachelier assets, and the authors' test states with the truth."""
    problem = BachelierBasket(n_assets=d, market_seed=seed)
    samples = simulate(problem, n, seed=seed, antithetic=True)
    states = problem.test_states(4096, seed=seed + 1)
    truth = problem.truth(states)
    return (samples.x, samples.y, samples.dydx), (states, truth.value, truth.gradient)


def normalised(samples: Arrays) -> tuple[Arrays, float]:
    """Return samples as the peers train on them, in single precision, and the weight of the value's loss."""
    x, y, dydx = samples
    slopes = dydx * x.std(axis=0) / y.std()
    slope_scale = 1.0 / np.sqrt(np.mean(slopes**2, axis=0))
    arrays = ((x - x.mean(axis=0)) / x.std(axis=0), (y - y.mean())[:, None] / y.std(), slopes)
    share = 1.0 / (1.0 + x.shape[1])
    return tuple(np.asarray(a, dtype=np.float32) for a in (*arrays, slope_scale)), share  # type: ignore[return-value]


def rates(n_steps: int) -> list[float]:
    """Return the rate of every step."""
    schedule = OneCycle()
    return [schedule.rate(step / n_steps) for step in range(n_steps)]


def torch_training(samples: Arrays, batch: int) -> Callable[[], object]:
    """Return a training in torch: explicit backpropagation to the inputs, autograd through both, fused Adam."""
    import torch
    from torch.nn.functional import softplus

    (x, y, dydx, slope_scale), share = normalised(samples)  # type: ignore[misc]
    data = [torch.from_numpy(a) for a in (x, y, dydx)]
    scales = torch.from_numpy(slope_scale)
    sizes = (x.shape[1], *HIDDEN, 1)

    def train() -> object:
        torch.manual_seed(0)
        layers = [
            (torch.nn.init.trunc_normal_(torch.empty(a, b), 0.0, a**-0.5), torch.zeros(b))
            for a, b in pairwise(sizes)
        ]
        flat = [tensor.requires_grad_() for layer in layers for tensor in layer]
        adam = torch.optim.Adam(flat, lr=1e-3, fused=True)
        steps = iter(rates(EPOCHS * (len(x) // batch)))
        for _ in range(EPOCHS):
            order = torch.randperm(len(x))
            for begin in range(0, len(x) - batch + 1, batch):
                rows = order[begin : begin + batch]
                adam.param_groups[0]["lr"] = next(steps)
                value, entered = data[0][rows], []
                for w, b in layers[:-1]:
                    entered.append(torch.addmm(b, value, w))
                    value = softplus(entered[-1])
                value = torch.addmm(layers[-1][1], value, layers[-1][0])
                slope = layers[-1][0].T
                for (w, _), z in zip(reversed(layers[:-1]), reversed(entered), strict=True):
                    slope = (slope * torch.sigmoid(z)) @ w.T
                loss = share * torch.mean((value - data[1][rows]) ** 2)
                loss = loss + (1.0 - share) * torch.mean(((slope - data[2][rows]) * scales) ** 2)
                adam.zero_grad(set_to_none=True)
                loss.backward()
                adam.step()
        return flat

    return train


def jax_training(samples: Arrays, batch: int) -> Callable[[], object]:
    """Return the same training in jax: an epoch is one compiled scan."""
    import jax
    import jax.numpy as jnp

    (x, y, dydx, slope_scale), share = normalised(samples)  # type: ignore[misc]
    data, sizes, n_batches = tuple(map(jnp.asarray, (x, y, dydx))), (x.shape[1], *HIDDEN, 1), len(x) // batch

    def loss(layers: Any, x: Any, y: Any, dydx: Any) -> Any:
        value, entered = x, []
        for w, b in layers[:-1]:
            entered.append(value @ w + b)
            value = jax.nn.softplus(entered[-1])
        value = value @ layers[-1][0] + layers[-1][1]
        slope = layers[-1][0].T
        for (w, _), z in zip(reversed(layers[:-1]), reversed(entered), strict=True):
            slope = (slope * jax.nn.sigmoid(z)) @ w.T
        return share * jnp.mean((value - y) ** 2) + (1.0 - share) * jnp.mean(
            ((slope - dydx) * slope_scale) ** 2
        )

    def step(state: Any, item: Any) -> Any:
        layers, mean, square, number = state
        rows, rate = item
        gradient = jax.grad(loss)(layers, *(a[rows] for a in data))
        number = number + 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)
        first, second = 1.0 - 0.9**number, 1.0 - 0.999**number
        layers = jax.tree.map(
            lambda w, m, s: w - rate * (m / first) / (jnp.sqrt(s / second) + 1e-8), layers, mean, square
        )
        return (layers, mean, square, number), None

    @jax.jit
    def epoch(state: Any, key: Any, rates: Any) -> Any:
        order = jax.random.permutation(key, len(x))[: n_batches * batch].reshape(n_batches, batch)
        return jax.lax.scan(step, state, (order, rates))[0]

    def train() -> object:
        key = jax.random.key(0)
        layers = [
            (
                jax.random.truncated_normal(key, -2.0, 2.0, (a, b), jnp.float32) * a**-0.5,
                jnp.zeros(b, jnp.float32),
            )
            for a, b in pairwise(sizes)
        ]
        zeros = jax.tree.map(jnp.zeros_like, layers)
        state = (layers, zeros, zeros, jnp.float32(0.0))
        all_rates = jnp.asarray(rates(EPOCHS * n_batches), dtype=jnp.float32).reshape(EPOCHS, n_batches)
        for number in range(EPOCHS):
            state = epoch(state, jax.random.fold_in(key, number), all_rates[number])
        return jax.block_until_ready(state)

    return train


PEERS = {"torch": torch_training, "jax": jax_training}


def train_race(rounds: int) -> None:
    """Race trainings with the same batches and epochs; ours includes the normalisation, theirs does not."""
    print(f"Training 4 x 20 softplus, single precision, {EPOCHS} epochs, baskets of d assets")
    for d, n in RACES:
        samples, _ = basket(d, n, 0)
        batch = max(256, n // 16)
        network = TwinNetwork(HIDDEN, epochs=EPOCHS, batch_size=batch)
        ours = f"d = {d}, {n:,} samples"
        contestants: Contestants = {ours: lambda network=network, samples=samples: network.fit(*samples)}
        for name, training in PEERS.items():
            try:
                contestants[name] = training(samples, batch)
            except ImportError:
                print(f"  {name} is not installed")
        if "jax" in contestants:
            print(f"  jax's first training: {first_call(contestants['jax']):.1f} s")
        medians = race(contestants, rounds)
        for name, seconds in medians.items():
            peers = {peer: medians[peer] for peer in PEERS if peer in medians} if name == ours else {}
            line(name, seconds, "s", 1.0, peers)


def errors(d: int, n: int, seed: int, differential: bool) -> tuple[float, float]:
    """Return a hundred times the rmse of prices and of deltas after one training; NaN where it collapsed."""
    (x, y, dydx), (states, prices, deltas) = basket(d, n, seed)
    try:
        network = TwinNetwork(HIDDEN, epochs=EPOCHS, seed=seed).fit(x, y, dydx if differential else None)
    except TrainingCollapsed:
        return np.nan, np.nan
    values, greeks, _ = network.predict_with_greeks(states)
    return tuple(100.0 * float(np.sqrt(np.mean(e**2))) for e in (values - prices, greeks - deltas))  # type: ignore[return-value]


def error_table(seeds: int) -> None:
    """Print errors over seeds, and how many trainings collapsed: an error four times the median, or none at all."""
    print(f"Differential training, rmse times 100 with spot 1, over {seeds} seeds")
    print(f"  {'':<24}{'price':>8}{'worst':>8}{'bar':>8}{'delta':>8}{'collapsed':>11}{'s each':>9}")
    for d, n, bar in CASES:
        began = time.perf_counter()
        table = np.array([errors(d, n, seed, True) for seed in range(seeds)])
        each = (time.perf_counter() - began) / seeds
        price, delta = np.nanmedian(table, axis=0)
        collapsed = np.count_nonzero(~(table[:, 0] < max(4.0 * price, 0.5)))
        name = f"d = {d}, {n:,} samples"
        worst = np.nanmax(table[:, 0])
        print(
            f"  {name:<24}{price:8.3f}{worst:8.3f}{bar:8.2f}{delta:8.3f}{collapsed:11d}{each:9.2f}",
            flush=True,
        )


def sample_table(seeds: int) -> None:
    """Print how many samples training on values alone needs for the errors of differential training."""
    print(f"Samples for the same price error, d = 7, median of {seeds} seeds")
    for n, differential in ((8192, True), (16384, True), (81920, False), (163840, False)):
        price = median(errors(7, n, seed, differential)[0] for seed in range(seeds))
        print(
            f"  {'differential' if differential else 'values alone':<16}{n:>9,} samples{price:10.3f}",
            flush=True,
        )


def prediction_race(rounds: int) -> None:
    """Race price and all Greeks of one state and of a million."""
    samples, _ = basket(7, 8192, 0)
    network = TwinNetwork(HIDDEN, epochs=20).fit(*samples)
    one, million = samples[0][0], np.tile(samples[0], (123, 1))[:1_000_000]
    repeats = 1000

    def often() -> None:
        for _ in range(repeats):
            network.predict_with_greeks(one)

    medians = race({"one": often, "million": lambda: network.predict_with_greeks(million)}, rounds)
    print("Price and all Greeks from the network, d = 7")
    line("one state", medians["one"] / repeats, "us", 1e6, {})
    line("a million states, each", medians["million"] / len(million), "us", 1e6, {})


def run(settings: Settings) -> None:
    """Race trainings and predictions, and print errors over as many seeds as there are rounds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideRange)
        prediction_race(min(settings.rounds, 9))
        train_race(max(1, settings.rounds // 7))
        error_table(settings.rounds)
        sample_table(max(1, settings.rounds // 4))
