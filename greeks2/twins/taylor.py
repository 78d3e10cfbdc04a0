"""Backward substitution of series in series, one monomial at a time."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from aadlib.types import Floats
from greeks2.point import Point
from greeks2.twins.algo4 import Arcs, local_partials, seeds_of


def taylor_by_monomials(point: Point) -> tuple[Floats, Floats]:
    """Return gradient and Hessian of an evaluated program.

    The perturbation of the output is a polynomial in those of the slots, sum_i l_i e_i + sum_{i >= j} q_ij e_i e_j.
    A node's perturbation is itself a series in those of its operands,

        e_v = sum_a d_a e_a + sum_a 1/2 d_aa e_a**2 + sum_{a < b} d_ab e_a e_b,

    and is put in its place, from the last node to the first; terms of third order are dropped.
    """
    program = point.program
    linear = defaultdict(float, seeds_of(point))
    monomials = Arcs()
    for v in range(program.n_slots - 1, program.first_node - 1, -1):
        factor, products = linear.pop(v, 0.0), monomials.drop(v)
        if factor == 0.0 and not products:
            continue
        first, second = local_partials(program, point.values, v)
        for other, coefficient in products.items():
            if coefficient == 0.0:
                continue
            for a, d_a in first:
                if other != v:
                    monomials.add(a, other, coefficient * d_a)
                    continue
                for b, d_b in first:
                    monomials.add(a, b, coefficient * d_a * d_b)
        if factor != 0.0:
            for a, d_a in first:
                linear[a] += factor * d_a
            for a, b, d_ab in second:
                monomials.add(a, b, factor * d_ab * (0.5 if a == b else 1.0))
    number = {int(slot): k for k, slot in enumerate(point.active)}
    gradient, hessian = np.zeros(len(number)), np.zeros((len(number), len(number)))
    for slot, k in number.items():
        gradient[k] = linear[slot]
    for (a, b), coefficient in monomials.living().items():
        hessian[number[a], number[b]] = hessian[number[b], number[a]] = coefficient * (2.0 if a == b else 1.0)
    return gradient, hessian
