"""Second-order Greeks: exact Hessians of recorded functions by several methods, and a planner that chooses."""

from greeks2.algo4 import Step, algo4_adjlist

__all__ = ["Step", "algo4_adjlist"]
