"""Patterns of Hessians: those of the twin, those of edge pushing's arcs, and where finding them stops."""

from __future__ import annotations

import numpy as np

import aadlib as ad
from greeks2 import hessian
from greeks2.structure.pattern import as_pattern, find_pattern
from greeks2.twins.sparsity import pattern_by_sets

from ..methods.test_coloring import blocks
from ..methods.test_coloring import shapes as sparse_shapes
from ..test_planner import recorded, shapes


@shapes
def test_patterns_are_those_of_the_twin(f, n: int) -> None:
    program = recorded(f, n)
    found = find_pattern(program)
    assert found is not None and found.tolist() == pattern_by_sets(program)


@sparse_shapes
def test_pattern_is_that_of_the_arcs(f, n: int, most: int) -> None:
    """The arcs between inputs that edge pushing finds, and the diagonal."""
    x = np.linspace(0.5, 1.5, n)
    program = ad.record(f, x)
    pairs = find_pattern(program)
    stored = hessian(program, x, method="edge_pushing", sparse=True)
    assert pairs is not None
    assert pairs.tolist() == as_pattern(stored, n).tolist()


def test_finding_stops_at_a_clique() -> None:
    program = ad.record(blocks, np.linspace(0.5, 1.5, 40))
    assert find_pattern(program, most_colors=3) is None
    assert find_pattern(program, most_colors=4) is not None
