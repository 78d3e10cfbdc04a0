"""The pricing pass in plain NumPy: every date's kink term of every path, instead of one drawn for each."""

from __future__ import annotations

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.stopped_premium_kernel import KERNEL_INPUTS
from pricers.american.bermudan.twins.exercise_policy import premiums_with_gradients
from pricers.american.bermudan.twins.stopped_premium import stopped_premium


def first_stops(ends: Floats, paths: Floats, sign: float) -> Floats:
    """Return the date of every path's first exercise, (n_paths,), the number of dates where there is none."""
    pays = paths >= ends[:, None] if sign > 0.0 else paths <= ends[:, None]
    return np.where(pays.any(axis=0), pays.argmax(axis=0), len(ends))


def frozen_sum(option: BermudanOption, ends: Floats, paths: Floats) -> tuple[float, Floats, Floats]:
    """Return the summed premium with gradient and Hessian, the stops held; `paths` is (n_dates - 1, n_paths)."""
    stop = first_stops(ends, paths, option.sign)
    early = np.flatnonzero(stop < len(ends))
    times = option.expiry * (stop[early] + 1) / option.n_dates
    at = paths[stop[early], early]
    market = option.numbers(KERNEL_INPUTS)
    program = ad.record(
        lambda x, lane: stopped_premium(
            x, lane[0], lane[1], lane[2:], strike=option.strike, expiry=option.expiry, sign=option.sign
        ),
        market,
        np.full((1, 4), 0.5 * option.expiry),
        lanes=(1,),
        passive=(1,),
    )
    values, gradient, hessian = program.derivatives(
        market, np.stack([times, at, *option.beyond_mean(times)], axis=1)
    )
    return float(values.sum()), gradient, hessian


def kink_sum(option: BermudanOption, ends: Floats, shifts: Floats, paths: Floats) -> Floats:
    """Return the summed kink terms of all dates before each path stops, (4, 4)."""
    n, n_paths = paths.shape
    sign, step = option.sign, option.expiry / option.n_dates
    stop = first_stops(ends, paths, sign)
    before = np.concatenate([np.zeros((1, n_paths)), paths[:-1]])
    total = np.zeros((4, 4))
    for date in range(n):
        alive = np.flatnonzero(stop >= date)
        z = (ends[date] - before[date, alive]) / np.sqrt(step)
        weights = np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi * step) * option.volatility)
        moved = paths[date + 1 :, alive] + (ends[date] - paths[date, alive])
        later = first_stops(ends[date + 1 :], moved, sign) if date < n - 1 else np.zeros(alive.size, int)
        early = np.flatnonzero(later < n - 1 - date)
        gradients = np.zeros((5, alive.size))
        gradients[:, early] = premiums_with_gradients(
            option, (date + 2 + later[early]) * step, moved[later[early], early]
        )
        exercised = premiums_with_gradients(option, np.array([(date + 1) * step]), ends[date : date + 1])
        jumps = (gradients - exercised)[1:] @ weights
        shift = shifts[date]
        slope = option.spot * jumps[0]
        total -= sign * (np.outer(jumps, shift) + np.outer(shift, jumps) - slope * np.outer(shift, shift))
    return total
