"""The training loop: epochs of shuffled minibatches under a rate schedule, watched for collapse, resumable."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pricers.surrogates.network.activations import Activation
from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.collapse import (
    TrainingCollapsed,
    collapse_of,
    constant_output,
)
from pricers.surrogates.network.compiled_passes import Passes
from pricers.surrogates.network.history import Epoch, History, Restart
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import Loss, Samples
from pricers.surrogates.network.schedules import Schedule, lowered
from pricers.surrogates.network.twins.passes import forward

Array = npt.NDArray[Any]

LOWER = 0.25
"""The next attempt's peak rate over that of the attempt that collapsed."""

SEEN = 1024
"""Training samples on which the outputs are looked at."""


@dataclass(frozen=True)
class Plan:
    """What a training does, whatever its data."""

    layout: Layout
    activation: Activation
    schedule: Schedule
    n_epochs: int
    batch_size: int
    seed: int
    patience: int | None
    max_restarts: int


@dataclass
class State:
    """Where a training is: enough to go on to the last bit."""

    adam: Adam
    best_weights: Array
    best_loss: float = math.inf
    best_epoch: int = 0
    attempt: int = 0
    epoch: int = 0
    moved: float = 0.0
    history: History = field(default_factory=History)


Watch = Callable[[State], None]


def begin(plan: Plan, dtype: npt.DTypeLike, weights: Array | None = None) -> State:
    """Return the state before the first epoch: random weights, or those given."""
    if weights is None:
        weights = plan.layout.draw(np.random.default_rng([plan.seed, 0]), dtype)
    return State(Adam(weights.astype(dtype)), weights.astype(dtype))


@dataclass(frozen=True)
class Data:
    """Samples to train on with their loss and the trivial predictor's, and samples to validate on."""

    samples: Samples
    loss: Loss
    trivial: float
    validation: Samples | None = None


def train(plan: Plan, data: Data, state: State, watch: Watch) -> None:
    """Train from a state on, and what collapses anew at a quarter of the peak rate; call `watch` after every epoch.

    Raises
    ------
    TrainingCollapsed
        When the last attempt that was allowed collapsed too.
    """
    while reason := _attempt(plan, data, state, watch):
        peak = plan.schedule.peak * LOWER ** (state.attempt + 1)
        state.history.restarts.append(Restart(state.attempt, state.epoch, reason, peak))
        if state.attempt == plan.max_restarts:
            raise TrainingCollapsed(
                f"training collapsed {state.attempt + 1} times, last at epoch {state.epoch}: {reason}. The labels may "
                "hold nothing to learn; or lower the schedule's peak, or raise max_restarts"
            )
        state.attempt += 1
        weights = plan.layout.draw(
            np.random.default_rng([plan.seed, state.attempt]), state.adam.weights.dtype
        )
        state.adam, state.best_weights = Adam(weights), weights.copy()
        state.epoch, state.best_epoch, state.best_loss, state.moved = 0, 0, math.inf, 0.0


def _attempt(plan: Plan, data: Data, state: State, watch: Watch) -> str:
    """Train to the last epoch; return why the attempt collapsed, or an empty text."""
    schedule = lowered(plan.schedule, LOWER**state.attempt)
    n = len(data.samples)
    n_batches = max(1, round(n / plan.batch_size))
    passes = Passes(plan.layout.sizes, plan.activation.code, str(state.adam.weights.dtype))
    while state.epoch < plan.n_epochs:
        order = np.random.default_rng([plan.seed, state.attempt, state.epoch]).permutation(n)
        first = state.epoch * n_batches
        rates = [schedule.rate((first + k) / (plan.n_epochs * n_batches)) for k in range(n_batches)]
        adam = state.adam.copy()  # so that Ctrl-C within an epoch leaves the state before it
        value_loss, slope_loss = passes.train_epoch(adam, data.samples, data.loss, order, np.array(rates))
        validated = math.nan
        if data.validation is not None:
            validated = sum(passes.losses(adam.weights, data.validation, data.loss))
        epoch = Epoch(state.attempt, state.epoch, value_loss, slope_loss, validated, rates[-1])
        state.adam, state.epoch, state.moved = adam, state.epoch + 1, state.moved + sum(rates)
        state.history.epochs.append(epoch)
        if reason := collapse_of(epoch, state.epoch / plan.n_epochs, state.moved, data.trivial):
            return reason
        if epoch.judged <= state.best_loss:
            state.best_loss, state.best_epoch = epoch.judged, state.epoch
            state.best_weights = state.adam.weights.copy()
        watch(state)
        if plan.patience is not None and state.epoch - state.best_epoch >= plan.patience:
            state.history.stopped_early = True
            break
    if state.history.epochs[-1].loss > data.trivial:
        warnings.warn(
            f"the loss, {state.history.epochs[-1].loss:.4g}, is above a trivial predictor's, {data.trivial:.4g}: the "
            f"training was too short; give more epochs than {plan.n_epochs}, smaller batches or a higher peak rate",
            stacklevel=5,
        )
    if data.validation is None:
        state.best_weights = state.adam.weights.copy()
    seen = forward(plan.layout, plan.activation, state.best_weights, data.samples.x[:SEEN]).values[-1]
    return constant_output(seen)
