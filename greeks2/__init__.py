"""Second-order Greeks: exact Hessians of recorded functions by several methods, and a planner that chooses."""

from aadlib.extend import ExecutorWarning
from greeks2 import methods as _methods
from greeks2.agreement import CrossCheck, cross_check
from greeks2.methods.taylor.taylor import taylor_backpropagate, taylor_series
from greeks2.monte_carlo.estimate import expectation
from greeks2.monte_carlo.noise.normals import Normals
from greeks2.monte_carlo.noise.sobol import Sobol
from greeks2.monte_carlo.rare_events import RareEventWarning
from greeks2.monte_carlo.result import Expectation
from greeks2.named.named_greeks import Greeks, greeks
from greeks2.planner import Plan, plan
from greeks2.result import HessianResult
from greeks2.scenario_ladder import Ladder, ladder
from greeks2.second_order import hessian, hessian_result
from greeks2.structure.kinks import KinkGroup, KinkWarning
from greeks2.twins.algo4 import Step, algo4_adjlist

METHODS = tuple(method.name for method in _methods.METHODS)
"""Names of the methods of `hessian`; all but bumping are exact."""

__all__ = [
    "CrossCheck", "ExecutorWarning", "Expectation", "Greeks", "HessianResult", "KinkGroup", "KinkWarning", "Ladder",
    "METHODS", "Normals", "Plan", "RareEventWarning", "Sobol", "Step", "algo4_adjlist", "cross_check", "expectation",
    "greeks", "hessian",
    "hessian_result", "ladder", "plan", "taylor_backpropagate", "taylor_series",
]  # fmt: skip
