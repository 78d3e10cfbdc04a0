"""Twin networks: trained on values and their derivatives, they predict both."""

from pricers.surrogates.network.collapse import TrainingCollapsed
from pricers.surrogates.network.history import Epoch, History, Restart
from pricers.surrogates.network.network import TwinNetwork
from pricers.surrogates.network.schedules import Cosine, OneCycle, Schedule

__all__ = [
    "Cosine", "Epoch", "History", "OneCycle", "Restart", "Schedule",
    "TrainingCollapsed", "TwinNetwork",
]  # fmt: skip
