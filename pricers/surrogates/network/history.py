"""What happened in a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aadlib.types import Floats


@dataclass(frozen=True)
class Epoch:
    """One epoch: losses over a constant network's, which has one; the last rate; validation_loss is NaN without one."""

    attempt: int
    number: int
    value_loss: float
    slope_loss: float
    validation_loss: float
    rate: float

    @property
    def loss(self) -> float:
        """The combined loss in training."""
        return self.value_loss + self.slope_loss

    @property
    def judged(self) -> float:
        """The loss by which the best state is chosen: the validation's where there is one."""
        return self.loss if np.isnan(self.validation_loss) else self.validation_loss


@dataclass(frozen=True)
class Restart:
    """A collapsed attempt: at which epoch it was given up, why, and the peak rate of the next one."""

    attempt: int
    epoch: int
    reason: str
    next_peak: float


@dataclass
class History:
    """Epochs of all attempts, restarts, and how the training ended.

    Attributes
    ----------
    epochs : list of Epoch
    restarts : list of Restart
    interrupted : bool
        Ctrl-C ended the training, and the best state until then is kept.
    stopped_early : bool
        The validation loss had not improved for `patience` epochs.
    """

    epochs: list[Epoch] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    interrupted: bool = False
    stopped_early: bool = False

    def column(self, name: str) -> Floats:
        """Return one figure (`loss`, `rate`, ...) of the attempt that was kept, epoch by epoch."""
        last = self.epochs[-1].attempt if self.epochs else 0
        return np.array([getattr(epoch, name) for epoch in self.epochs if epoch.attempt == last])
