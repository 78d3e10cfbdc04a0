"""Nodes: what is refused, what is read-only, and what travels."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.program.nodes import Nodes
from aadlib.program.once import once_per_program
from aadlib.rules.table import CODES, RULES

ADD, EXP = CODES["add"], CODES["exp"]


def test_columns_are_read_only_and_counted() -> None:
    nodes = Nodes([ADD, EXP], [0, 2], [1, 2], [3, 1], 2)
    assert (len(nodes), nodes.n_nodes, nodes.first_node, nodes.n_slots) == (2, 2, 2, 4)
    for column in (nodes.op, nodes.left, nodes.right, nodes.activity, nodes.value_code, nodes.adjoint_code):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
    assert nodes.nbytes == 2 * (1 + 4 + 4 + 1 + 2 + 2)


def test_nodes_travel() -> None:
    nodes = Nodes([ADD, ADD, EXP], [0, 2, 3], [1, 1, 3], [3, 3, 1], 2, 1)
    loaded = pickle.loads(pickle.dumps(nodes))
    for name in ("op", "left", "right", "activity", "value_code", "adjoint_code"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(nodes, name))
    assert (loaded.first_node, loaded.split) == (2, 1)


def test_lengths_that_differ() -> None:
    with pytest.raises(AadValueError, match="lengths must agree"):
        Nodes([ADD], [0, 0], [0], [3], 1)


@pytest.mark.parametrize("operand", [-1, 1, 7])
def test_an_operand_that_does_not_come_first(operand: int) -> None:
    with pytest.raises(AadValueError, match="must come before it"):
        Nodes([ADD], [operand], [0], [3], 1)


def test_two_nodes_in_a_row_are_one_step_but_not_across_the_split() -> None:
    columns = ([ADD, ADD], [0, 2], [1, 1], [3, 3], 2)
    paired, apart = Nodes(*columns), Nodes(*columns, 1)
    assert paired.value_code[0] >= len(RULES) and paired.adjoint_code[1] >= 4 * len(RULES)
    assert apart.value_code.tolist() == [ADD, ADD]
    assert apart.adjoint_code.tolist() == [4 * ADD + 3] * 2


def test_programs_without_nodes() -> None:
    program = ad.record(lambda x: x, 2.0)
    assert len(program.nodes) == 0
    assert program.value_and_gradient(3.0) == (3.0, 1.0)


def test_a_fact_is_found_once_per_program_and_key() -> None:
    calls = []

    @once_per_program
    def fact(program: ad.Program, key: int) -> int:
        calls.append(key)
        return program.n_nodes + key

    first, second = (ad.record(function, 1.0) for function in (np.exp, lambda x: np.exp(x) * x))
    assert [fact(first, 5), fact(first, 5), fact(second, 5), fact(first, 7)] == [6, 6, 7, 8]
    assert calls == [5, 5, 7]
