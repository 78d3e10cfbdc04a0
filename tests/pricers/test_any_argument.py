"""Every public function of the pricers with an argument that it cannot take: an error of the family, or an answer."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadError
from pricers.american.bermudan import finite_difference_greeks

from . import calls_list
from .calls_list import INSIDE, NO_FUNCTIONS, PACKAGES, RESULTS, Call

JUNK: dict[str, Any] = {
    "None": None, "text": "x", "empty": [], "NaN": float("nan"), "three axes": np.ones((2, 3, 4)), "object": object(),
}  # fmt: skip
ROOMS = ("pricing_calls", "marching_calls", "surface_calls", "simulating_calls", "market_data_calls")
SLOW = {"deamericanise", "imply_market", "exercise_of", "fit_svi_slices", "holdout", "calibrate"}
"""Functions that take a second where an argument is one that they can take."""


@functools.cache
def calls(room: str) -> dict[str, Call]:
    """Return the calls of one room, made when they are first asked for."""
    made: dict[str, Call] = getattr(calls_list, room)()
    return made


@pytest.mark.parametrize("room", ROOMS)
def test_they_take_what_they_are_for(room: str) -> None:
    for name, (function, arguments) in calls(room).items():
        if name not in SLOW:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(**arguments)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("room", ROOMS)
def test_what_they_cannot_take_is_an_error_of_the_family(room: str, junk: str) -> None:
    strange = []
    for name, (function, arguments) in calls(room).items():
        for argument, given in arguments.items():
            if name in SLOW and given is None:
                continue  # None is what it takes
            try:
                function(**{**arguments, argument: JUNK[junk]})
            except AadError:
                pass
            except Exception as error:
                strange.append(f"{name}({argument}): {type(error).__name__}: {error}")
    assert not strange


def test_every_public_function_is_called() -> None:
    """A new name of an `__all__` needs its line in `calls_list`."""
    public = {
        name: getattr(package, name)
        for package in PACKAGES
        for name in package.__all__
        if not inspect.ismodule(getattr(package, name))
    }
    known = {name for room in ROOMS for name in calls(room)} | RESULTS | NO_FUNCTIONS | INSIDE
    assert not sorted(set(public) - known)


def test_a_message_names_the_argument() -> None:
    with pytest.raises(AadError, match="spot"):
        finite_difference_greeks(spot=None, strike=100.0, expiry=1.0, volatility=0.2)
