"""The Monte Carlo tables at small sizes: what they say of errors holds; their truth is Black-Scholes for one asset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

import aadlib as ad
from apps.__main__ import main
from apps.reproduce.comparison import Ours, PublishedTable
from apps.reproduce.contents import published_table
from apps.reproduce.contracts import basket_call
from apps.reproduce.measures import basket_truth, smoothing_errors
from apps.reproduce.measures.basket_differences import difference_hessian, mean_price
from apps.reproduce.measures.path_bumping import bumped_hessian
from apps.reproduce.measures.timing import median_seconds
from apps.reproduce.tables import table_7, table_9, table_11
from greeks2 import expectation
from pricers import black_scholes
from pricers.monte_carlo import price

needs_long_doubles = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="long doubles are doubles on this machine"
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take few assets, points and repetitions: errors stay comparable with their standard errors, times say nothing."""
    for name in ("table-10", "table-11"):
        published_table(name)  # loaded before the sizes are cut, which are those of its published numbers
    once = partial(median_seconds, least=1, budget=0.0, warm=False)
    monkeypatch.setattr(table_9, "median_seconds", lambda call, **options: once(call))
    monkeypatch.setattr(table_9, "N_ASSETS", (5, 7))
    monkeypatch.setattr(smoothing_errors, "N_ASSETS", (3,))
    monkeypatch.setattr(table_11, "COMPARED_AT", (5,))
    monkeypatch.setattr(basket_truth, "N_POINTS", 2**11)
    _forget()
    yield
    _forget()


def _forget() -> None:
    basket_truth.truth.cache_clear()
    smoothing_errors.differences.cache_clear()


def measured(name: str, **options: int) -> tuple[PublishedTable, dict[str, Ours], list[str]]:
    """Return a table, its rows by name, and the stages it announced."""
    announced: list[str] = []

    @contextmanager
    def stage(what: str) -> Iterator[None]:
        announced.append(what)
        yield

    shown = published_table(name)
    ours = shown.rows(stage, **options)
    assert len({row.what for row in ours}) == len(ours)
    return shown, {row.what: row for row in ours}, announced


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("table-7", ()),
        ("table-8", ()),
        ("table-9", ("n = 5,", "n = 7,")),
        ("table-10", ("n = 3,",)),
        ("table-11", ("n = 3,",)),
    ],
)
def test_every_published_number_stands_beside_ours(name: str, sizes: tuple[str, ...], small: None) -> None:
    shown, ours, announced = measured(name, n_paths=128, seed=3)
    wanted = {what for what in shown.published if not sizes or what.startswith((*sizes, "paths"))}
    assert wanted and wanted <= set(ours)
    assert ours["paths"].value == 128
    assert set(announced) <= set(shown.stages)
    assert sizes or tuple(announced) == shown.stages
    texts = {line[0]: line for line in shown.beside(list(ours.values())).texts}
    assert all(texts[what][4] != "-" for what in wanted)


@needs_long_doubles
def test_table_8_holds_the_bar_against_differences_of_the_same_paths() -> None:
    _, ours, _ = measured("table-8", n_paths=300)
    for name in ("gamma", "vanna", "volga"):
        assert ours[f"{name}, relative error"].value < 1e-7
        assert ours[f"{name}, estimated error of the differences"].value < 1e-7
        assert ours[f"{name}, largest difference of the exact methods"].value < 1e-12
        assert ours[f"{name}, relative error of bumping by 0.1%"].value > 1e-4


@needs_long_doubles
def test_table_7_shows_bias_falling_with_sharpness(small: None) -> None:
    _, ours, _ = measured("table-7", n_paths=300)
    for name in ("gamma", "vanna", "volga"):
        biases = [ours[f"{name}, alpha = {a:g}, bias against no smoothing"].value for a in table_7.ALPHAS]
        assert biases[0] == pytest.approx(100.0 * biases[2])
        assert all(ours[f"{name}, alpha = {a:g}, relative error"].value < 1e-6 for a in table_7.ALPHAS)


def test_table_9_compares_one_matrix(small: None) -> None:
    _, ours, _ = measured("table-9", n_paths=400)
    for n in table_9.N_ASSETS:
        assert ours[f"n = {n}, 50 steps, difference"].value < 1e-9
        assert 1e-12 < ours[f"n = {n}, bumping, relative error"].value < 1e-3
        assert ours[f"n = {n}, bumping, prices"].value == 4 * n * n + 2 * n + 1


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("table-10", ("CE", "vibrato", "CE of the whole path")),
        ("table-11", ("LRM", "Malliavin", "kernel", "kink")),
    ],
)
def test_estimators_are_within_four_standard_errors(name: str, labels: tuple[str, ...], small: None) -> None:
    _, ours, _ = measured(name, n_paths=2000, seed=11)
    for label in labels:
        assert ours[f"n = 3, {label}, price error"].value < 4.0
        assert ours[f"n = 3, {label}, farthest entry"].value < 4.0
        assert ours[f"n = 3, {label}, Hessian standard error"].value > 0.0
    assert ours["n = 3, true Hessian, two ways apart"].value < 4.0
    assert ours["n = 3, FD prices"].value == 13


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table-10", "table-11"])
def test_estimators_are_within_four_standard_errors_at_the_published_size(name: str) -> None:
    _, ours, _ = measured(name)
    distances = {
        what: row.value
        for what, row in ours.items()
        if what.endswith(("price error", "farthest entry", "two ways apart"))
    }
    assert len(distances) >= 4 * (1 + 2 * 3)
    assert max(distances.values()) < 4.0
    if name == "table-11":
        for n in table_11.COMPARED_AT:
            assert ours[f"n = {n}, gamma, kink over LRM, standard errors"].value < 0.02
            assert (
                ours[f"n = {n}, gamma, kink over kernel of the best bandwidth, total errors"].value
                < 1.0 / 3.0
            )


def test_the_kinks_estimator_beats_weights_and_kernels(small: None) -> None:
    _, ours, _ = measured("table-11", n_paths=2000)
    assert ours["n = 5, gamma, kink over LRM, standard errors"].value < 0.02
    assert ours["n = 5, gamma, kink over kernel of the best bandwidth, total errors"].value < 1.0 / 3.0
    exact = ours["n = 3, LRM, |price - FD|"].value
    bias = basket_truth.truth(3, ("spots",)).price_bias(
        basket_truth.softplus_variance(smoothing_errors.ALPHA)
    )
    assert exact == pytest.approx(bias, rel=1.0)  # the softplus's bias, not an error of the weights


def test_the_truth_of_one_asset_is_black_scholes(small: None) -> None:
    found = basket_truth.truth(1, ("spots",))
    market = {
        "spot": basket_call.SPOTS[0],
        "volatility": basket_call.VOLATILITIES[0],
        "rate": basket_call.RATE,
    }

    def greeks(strike: float) -> black_scholes.Greeks:
        return black_scholes.greeks(strike=strike, expiry=basket_call.EXPIRY, **market)

    exact = greeks(basket_call.STRIKE)
    assert found.price == pytest.approx(exact.price, rel=1e-10)
    assert found.hessian[0, 0] == pytest.approx(exact.gamma, rel=1e-10)
    step = basket_truth.STRIKE_STEP
    low, high = (greeks(basket_call.STRIKE + shift) for shift in (-step, step))
    assert found.price_bend == pytest.approx((low.price - 2.0 * exact.price + high.price) / step**2, rel=1e-8)
    assert found.hessian_bend[0, 0] == pytest.approx(
        (low.gamma - 2 * exact.gamma + high.gamma) / step**2, rel=1e-6
    )


def test_the_price_in_plain_numpy_is_the_paths() -> None:
    path = basket_call.softplus_path(3, 2.0)
    normals = basket_call.correlated(basket_call.end_normals(3, 50, seed=1))
    assert mean_price(path.parameters, normals, 2.0) == pytest.approx(
        price(path, normals=normals).value, rel=1e-13
    )


def test_bumping_and_extrapolated_differences_find_one_hessian() -> None:
    path = basket_call.softplus_path(2, 0.5)
    normals = basket_call.correlated(basket_call.end_normals(2, 40, seed=2))
    program = ad.record(path, path.parameters, normals[:1], lanes=(1,), passive=(1,))
    exact = expectation(program, path.parameters, lanes=normals)
    bumped = bumped_hessian(program, path.parameters, normals)
    assert bumped.price == pytest.approx(exact.value, rel=1e-13)
    largest = np.abs(exact.hessian).max()
    np.testing.assert_allclose(bumped.hessian, exact.hessian, atol=1e-5 * largest)
    extrapolated, errors = difference_hessian(normals, 0.5)
    np.testing.assert_allclose(extrapolated, exact.hessian, atol=1e-8 * largest)
    assert (np.abs(errors) < 1e-6 * largest).all()


def test_blocks_of_paths_are_one_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = basket_call.end_normals(2, 700, seed=4)
    monkeypatch.setattr(basket_call, "BLOCK", 256)
    np.testing.assert_array_equal(basket_call.end_normals(2, 700, seed=4), whole)
    assert np.corrcoef(basket_call.correlated(whole).T)[0, 1] == pytest.approx(
        basket_call.CORRELATION, abs=0.15
    )


def test_the_command_takes_paths_and_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "table-8", "--paths", "50", "--seed", "3"]) == 0
    first = capsys.readouterr().out
    for text in ("published / ours", "0.00452", "gamma, relative error", "spots 95 to 105"):
        assert text in first
    assert main(["reproduce", "table-8", "--paths", "50", "--seed", "3"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table-8", "--paths", "49"], "--paths 49: must be 50 or more"),
        (["table-8", "--seed", "-1"], "--seed -1: must be 0 or more"),
        (["table-3", "--paths", "50"], "table-3 simulates nothing"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", *arguments]) == 2
    assert message in capsys.readouterr().err
