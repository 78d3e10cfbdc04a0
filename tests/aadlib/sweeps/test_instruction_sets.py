"""The choice among instruction sets, and the same bits from every one of them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import aadlib as ad
from aadlib.sweeps import simd
from greeks2 import hessian


def smooth(x):
    return np.sum(np.exp(x) * np.sin(x[::-1])) + np.prod(x) + ad.norm_cdf(x[0] * x[1])


def path(p, z):
    total = np.sum(p[:9] * np.exp(p[9:] * z - 0.5 * p[9:] ** 2)) - 5.0
    return ad.softplus(total, sharpness=30.0) * np.where(total > 0.0, np.sqrt(total), 0.5) / (1.0 + p[0] ** 2)


def bits_of_everything(rng):
    """Return the bits of every kind of sweep."""
    x, states = rng.uniform(0.2, 1.7, 11), rng.uniform(0.2, 1.7, (41, 11))
    p, z = rng.uniform(0.2, 1.0, 18), rng.standard_normal((301, 9))
    single, over_states = ad.record(smooth, x), ad.record(smooth, states, lanes=(0,))
    paths = ad.record(path, p, z, lanes=(1,), passive=(1,))
    results = [
        *single.derivatives(x), single.hvp(x, x), single.jvp(x, x), hessian(smooth, x, method="bottleneck"),
        over_states.value(states), *over_states.derivatives(states),
        paths.value(p, z), paths.value_and_gradient(p, z)[1], *paths.derivatives(p, z),
    ]  # fmt: skip
    return [np.asarray(result).tobytes() for result in results]


def test_every_set_gives_the_same_bits(instructions):
    found = bits_of_everything(np.random.default_rng(5))
    simd.use("baseline")
    assert found == bits_of_everything(np.random.default_rng(5))


def test_the_widest_set_is_used_unless_told_otherwise():
    if "AADLIB_INSTRUCTIONS" not in os.environ:
        assert simd.in_use() == simd.available()[-1]
    assert simd.available() == simd.INSTRUCTION_SETS[: len(simd.available())]


def in_a_fresh_process(name):
    return subprocess.run(
        [sys.executable, "-c", "from aadlib.sweeps import simd; print(simd.in_use())"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "AADLIB_INSTRUCTIONS": name},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_environment_chooses():
    assert in_a_fresh_process("baseline").stdout == "baseline\n"


@pytest.mark.parametrize("name", ["mmx", ""])
def test_an_unknown_set(name):
    done = in_a_fresh_process(name)
    assert done.returncode == 1
    assert f"AADLIB_INSTRUCTIONS = {name!r}: choose one of baseline, avx2, avx512" in done.stderr


def test_a_set_that_the_processor_lacks(monkeypatch):
    monkeypatch.setattr(simd, "available", lambda: ("baseline",))
    with pytest.raises(
        ad.AadValueError, match=r"'avx2': this processor and build have baseline only; leave it"
    ):
        simd.use("avx2")
