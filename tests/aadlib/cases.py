"""The list of test functions: how one is put on it, and the special functions they may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

import aadlib as ad


@dataclass(frozen=True)
class Case:
    """One function with the points it is compared at."""

    function: Any
    point: numpy.ndarray
    other: numpy.ndarray
    jax: bool

    @property
    def name(self) -> str:
        return self.function.__name__


CASES: list[Case] = []


def case(point, other=None, *, jax=True):
    """Put a function on the list; the other point defaults to one nearby."""
    first = numpy.array(point, dtype=float)
    second = first * 0.97 + 0.011 if other is None else numpy.array(other, dtype=float)

    def put(function):
        CASES.append(Case(function, first, second, jax))
        return function

    return put


def special(np):
    """Return the module of special functions that goes with a module of array functions."""
    if np is numpy:
        return ad
    from types import SimpleNamespace

    import jax

    return SimpleNamespace(
        norm_cdf=jax.scipy.stats.norm.cdf,
        norm_pdf=jax.scipy.stats.norm.pdf,
        norm_ppf=jax.scipy.stats.norm.ppf,
        erf=jax.scipy.special.erf,
        erfc=jax.scipy.special.erfc,
        gammaln=jax.scipy.special.gammaln,
        digamma=jax.scipy.special.digamma,
        softplus=lambda x, sharpness=1.0: np.logaddexp(0.0, sharpness * x) / sharpness,
        sigmoid=jax.nn.sigmoid,
    )
