"""How a result is shown, and the kinks it reports."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadValueError
from greeks2 import KinkWarning, Normals, expectation

from .paths import kinked_call, tilted

NORMALS = Normals(n_paths=2000, shape=(3,), seed=1)
SINGLE = Normals(n_paths=2000, shape=(), seed=1)
MARKET = [100.0, 0.2, 0.03]


def test_repr_shows_every_first_order_number_with_its_error():
    text = repr(expectation(tilted, [0.1, 0.2, 0.3], lanes=NORMALS))
    lines = text.splitlines()
    assert lines[0].startswith("Expectation over 2,000 paths in 32 batches, by ")
    assert lines[1].startswith("value") and all(" +- " in line for line in lines[1:])
    assert sum(line.startswith("gradient params[") for line in lines) == 3
    assert sum(line.startswith("hessian params[") for line in lines) == 3


def test_repr_of_many_params_fits_a_screen():
    noise = Normals(n_paths=64, shape=(200,), seed=1)
    lines = repr(expectation(tilted, np.zeros(200), lanes=noise, order=1)).splitlines()
    assert len(lines) < 30 and lines[-1].startswith("and ")


def test_frame_has_every_number_once():
    found = expectation(tilted, [0.1, 0.2, 0.3], lanes=NORMALS)
    frame = found.to_frame()
    assert list(frame.columns) == ["quantity", "inputs", "value", "stderr"]
    assert frame["quantity"].value_counts().to_dict() == {"hessian": 6, "gradient": 3, "value": 1}
    named = found.to_frame(labels=["a", "b", "c"]).set_index(["quantity", "inputs"])
    assert named.loc[("gradient", "b"), "value"] == found.gradient[1]
    assert named.loc[("hessian", "a c"), "stderr"] == found.hessian_stderr[0, 2]


def test_labels_that_do_not_fit():
    with pytest.raises(AadValueError, match=r"labels = \['a'\]: there are 3 active params"):
        expectation(tilted, [0.1, 0.2, 0.3], lanes=NORMALS, order=1).to_frame(labels=["a"])


def test_results_are_frozen():
    found = expectation(tilted, [0.1, 0.2, 0.3], lanes=NORMALS, order=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.value = 1.0


def test_a_kink_warns_with_its_line_and_the_smoothers():
    with pytest.warns(KinkWarning) as caught:
        found = expectation(kinked_call, MARKET, lanes=SINGLE)
    text = str(caught[0].message)
    assert "maximum at " in text and "paths.py:" in text and "in kinked_call" in text
    assert "gamma" in text and "softplus" in text and "smoothing='kink'" in text and "pricer" in text
    assert caught[0].filename == __file__ and len(caught) == 1
    assert found.kinks[0].operation == "maximum" and "passed a kink: maximum" in repr(found)
    assert found.hessian[0, 0] == 0.0 == found.hessian_stderr[0, 0]  # what the warning says


@pytest.mark.parametrize("order", [1, 2])
def test_a_jump_warns_as_the_gradient_lacks_it(order):
    def digital(p, z):
        return np.where(p[0] * np.exp(p[1] * z) > 105.0, 1.0, 0.0) + np.maximum(p[0] * z, 1.0)

    with pytest.warns(KinkWarning, match=r"greater at .* is not in the gradient: the delta of") as caught:
        found = expectation(digital, MARKET[:2], lanes=SINGLE, order=order)
    assert found.gradient[1] == 0.0 and len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expectation(digital, MARKET[:2], lanes=SINGLE, order=0)
        expectation(digital, MARKET[:2], lanes=SINGLE, order=order, smoothing="kink")
        expectation(lambda p, z: np.where(p[0] > 1.0, p[0] * z, 0.0), MARKET[:1], lanes=SINGLE, order=1)


@pytest.mark.parametrize("array", [False, True])
def test_kinks_integrated_out(array):
    """Gamma, vanna and volga of the kinked call against the second-order sweep of the closed form."""

    def closed_form(p):
        d1 = (np.log(p[0] / 105.0) + p[2]) / p[1] + 0.5 * p[1]
        return p[0] * ad.norm_cdf(d1) - 105.0 * np.exp(-p[2]) * ad.norm_cdf(d1 - p[1])

    noise = Normals(n_paths=20_000, shape=(), seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = expectation(
            kinked_call, MARKET, lanes=noise.draw(0, 20_000) if array else noise, smoothing="kink"
        )
    value, gradient, hessian = ad.record(closed_form, MARKET).derivatives(np.array(MARKET))
    assert abs(found.value - value) < 4.0 * found.stderr
    assert np.all(np.abs(found.gradient - gradient) < 4.0 * found.gradient_stderr)
    assert np.all(np.abs(found.hessian - hessian) < 4.0 * found.hessian_stderr + 1e-12)
    assert not found.kinks and found.smoothing == "kink" and "kinks integrated out" in repr(found)


def test_a_kink_that_no_noise_moves_is_still_reported():
    def path(p, z):
        return np.maximum(p[0], 90.0) ** 2 * z**2 + np.maximum(p[0] * z, 1.0)

    with pytest.warns(KinkWarning, match="maximum at") as caught:
        found = expectation(path, [100.0], lanes=SINGLE, smoothing="kink")
    assert sum(kink.count for kink in found.kinks) == 1 and len(caught) == 1


def test_a_choice_by_the_noise_alone_is_no_kink():
    """E[p0^2; z > 0] + E[p1^2; z <= 0] is smooth in p, unlike a choice that a parameter moves."""

    def path(p, z):
        return np.where((z > 0.0) & (z < 9.0), p[0] ** 2, p[1] ** 2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = expectation(path, [1.0, 2.0], lanes=SINGLE)
    assert not found.kinks
    assert np.abs((found.hessian - np.eye(2)) / (found.hessian_stderr + np.eye(2)[::-1])).max() < 4.0
    with pytest.warns(KinkWarning, match="greater at .*where_true at"):
        expectation(lambda p, z: np.where(z > p[0], p[0] ** 2, p[1] ** 2), [1.0, 2.0], lanes=SINGLE)


def test_first_order_through_a_kink_is_right_and_silent():
    """Delta of an at-the-money call by the pathwise method, against the closed form."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = expectation(kinked_call, MARKET, lanes=Normals(n_paths=100_000, shape=(), seed=1), order=1)
    delta = ad.norm_cdf((np.log(100.0 / 105.0) + 0.03) / 0.2 + 0.1)
    assert abs(found.gradient[0] - delta) < 4.0 * found.gradient_stderr[0]
    assert found.kinks and "passed a kink" not in repr(found)
