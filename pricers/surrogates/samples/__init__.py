"""Training samples: states, payoffs and their gradients, of problems that are one file each in `problems/`."""

from pricers.surrogates.samples import problems
from pricers.surrogates.samples.monte_carlo_truth import monte_carlo_truth, nested_monte_carlo
from pricers.surrogates.samples.problem import LabelsWarning, Problem, Truth
from pricers.surrogates.samples.problems import *  # noqa: F403
from pricers.surrogates.samples.simulation import Samples, simulate
from pricers.surrogates.samples.store import StoredSamples, open_samples, write_samples

__all__ = [
    "LabelsWarning", "Problem", "Samples", "StoredSamples", "Truth", "monte_carlo_truth", "nested_monte_carlo",
    "open_samples", "simulate", "write_samples", *problems.__all__,
]  # fmt: skip
