"""Checkpoints of a training: enough to go on after a crash as if there had been none, to the last bit."""

from __future__ import annotations

import os
import time
import zlib
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.archive import read_archive, write_archive
from pricers.surrogates.network.history import Epoch, History, Restart
from pricers.surrogates.network.loss import Samples
from pricers.surrogates.network.training import Data, Plan, State

KIND = "training checkpoint"

BETWEEN_WRITES = 1.0
"""Least seconds between two writes."""


def fingerprint(plan: Plan, data: Data, start: State) -> str:
    """Return a number, in text, of all that a training's result depends on."""
    settings = vars(plan) | {"activation": plan.activation.name}
    number = zlib.crc32(repr(settings).encode())
    for samples in (data.samples, data.validation):
        number = _crc(samples, number)
    for array in (start.adam.weights, data.loss.slope_weights):
        number = zlib.crc32(array.tobytes(), number)
    return f"{number:08x}"


def _crc(samples: Samples | None, number: int) -> int:
    if samples is None:
        return zlib.crc32(b"none", number)
    for array in (samples.x, samples.y, samples.dydx):
        number = zlib.crc32(b"none" if array is None else array.data.cast("B"), number)
    return number


class Checkpoint:
    """A file that follows a training, at most a second behind."""

    def __init__(self, path: str | os.PathLike[str], mark: str) -> None:
        self.path = Path(path)
        self.mark = mark
        self.written = time.monotonic()

    def resume(self, start: State) -> State:
        """Return the state in the file, or the start where there is no file.

        Raises
        ------
        AadValueError
            When the file is damaged, or belongs to other samples or settings.
        """
        if not self.path.exists():
            return start
        settings, arrays = read_archive(self.path, KIND)
        if settings.get("mark") != self.mark:
            raise AadValueError(
                f"{self.path} is the checkpoint of a training with other samples or settings: remove it, or name "
                "another"
            )
        try:
            adam = Adam(arrays["weights"], n_steps=settings["n_steps"])
            adam.mean, adam.square = arrays["mean"], arrays["square"]
            return State(
                adam, arrays["best_weights"], **settings["state"], history=_history(settings, arrays)
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AadValueError(f"{self.path} is damaged ({error}): remove it") from None

    def follow(self, state: State) -> None:
        """Write the state unless it was written just now."""
        if time.monotonic() - self.written >= BETWEEN_WRITES:
            self.write(state)

    def write(self, state: State) -> None:
        """Write the state."""
        progress = {
            name: getattr(state, name) for name in ("best_loss", "best_epoch", "attempt", "epoch", "moved")
        }
        settings: dict[str, Any] = {
            "mark": self.mark,
            "n_steps": state.adam.n_steps,
            "state": progress,
            "restarts": [astuple(restart) for restart in state.history.restarts],
            "stopped_early": state.history.stopped_early,
        }
        adam = state.adam
        arrays = {
            "weights": adam.weights,
            "mean": adam.mean,
            "square": adam.square,
            "best_weights": state.best_weights,
        }
        epochs = np.array([astuple(epoch) for epoch in state.history.epochs])
        write_archive(self.path, KIND, settings, arrays | {"epochs": epochs})
        self.written = time.monotonic()


def _history(settings: dict[str, Any], arrays: dict[str, Any]) -> History:
    epochs = [Epoch(int(row[0]), int(row[1]), *map(float, row[2:])) for row in arrays["epochs"]]
    restarts = [Restart(*fields) for fields in settings["restarts"]]
    return History(epochs, restarts, stopped_early=settings["stopped_early"])
