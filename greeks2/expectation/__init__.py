"""Monte Carlo means with their derivatives: record one path, sweep a million."""

from greeks2.expectation.estimate import expectation
from greeks2.expectation.noise import Normals
from greeks2.expectation.result import Expectation
from greeks2.expectation.sobol import Sobol
from greeks2.expectation.workers import ExecutorWarning

__all__ = ["ExecutorWarning", "Expectation", "Normals", "Sobol", "expectation"]
