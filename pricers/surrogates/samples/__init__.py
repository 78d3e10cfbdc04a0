"""Training samples: states, payoffs and their gradients, of problems that are one file each in `problems/`."""

from pricers.surrogates.samples import problems
from pricers.surrogates.samples.problem import Problem, Truth
from pricers.surrogates.samples.problems import *  # noqa: F403
from pricers.surrogates.samples.simulation import Samples, simulate

__all__ = ["Problem", "Samples", "Truth", "simulate", *problems.__all__]
