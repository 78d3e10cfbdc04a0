"""Second-order Greeks: exact Hessians of recorded functions by several methods, and a planner that chooses."""

from greeks2.algo4 import Step, algo4_adjlist
from greeks2.cross_check import CrossCheck, cross_check
from greeks2.expectation import ExecutorWarning, Expectation, Normals, Sobol, expectation
from greeks2.greeks import Greeks, greeks
from greeks2.hessian import METHODS, HessianResult, hessian, hessian_result
from greeks2.kinks import KinkGroup, KinkWarning
from greeks2.planner import Plan, plan
from greeks2.taylor import taylor_backpropagate, taylor_series

__all__ = [
    "CrossCheck", "ExecutorWarning", "Expectation", "Greeks", "HessianResult", "KinkGroup", "KinkWarning", "METHODS",
    "Normals", "Plan", "Sobol", "Step", "algo4_adjlist", "cross_check", "expectation", "greeks", "hessian",
    "hessian_result", "plan", "taylor_backpropagate", "taylor_series",
]  # fmt: skip
