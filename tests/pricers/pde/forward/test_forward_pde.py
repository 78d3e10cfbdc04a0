"""The forward march: against Black, against itself compiled, its derivatives three ways, and a book on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from pricers import black_scholes
from pricers.analytic import implied_volatility
from pricers.pde import backward
from pricers.pde.forward import book_grid, march_forward, price_book
from pricers.pde.forward.compiled import CompiledForwardMarch
from pricers.pde.grids import ForwardGrid, forward_grid, lagrange_stencils, sinh_grid
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

EXPIRIES = np.array([0.05, 0.25, 0.26, 1.0])


def surface_of(volatility: float, roughness: float = 0.0, seed: int = 7) -> CalibratedVolatility:
    """Return a 7 x 5 surface around a volatility with random weights and levels."""
    rng = np.random.default_rng(seed)
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=-3.0, upper=2.0, size=7),
        time_basis=uniform_basis(lower=np.log(0.05), upper=0.0, size=5),
        expiries=EXPIRIES,
        atm_variance=volatility**2 * EXPIRIES,
        variance_offset=0.001,
        weights=np.log(volatility) + roughness * rng.normal(size=(5, 7)),
        levels=roughness * rng.normal(size=4),
    )


def grid_of(volatility: float, refinement: float = 1.0, expiries: np.ndarray = EXPIRIES) -> ForwardGrid:
    """Return a grid whose spacing and steps both shrink with the refinement."""
    return forward_grid(
        expiries=expiries,
        first_deviation=volatility * np.sqrt(expiries[0]),
        lower=-2.0,
        upper=1.5,
        n_nodes=int(80 * refinement),
        nodes_per_deviation=8.0 * refinement,
        first_steps=int(8 * refinement),
        later_steps=int(16 * refinement),
        smoothing_steps=4,
    )


def quotes_on(rng: np.random.Generator, n: int = 24) -> dict[str, np.ndarray]:
    """Return out-of-the-money points over all expiries."""
    position = np.sort(rng.integers(0, EXPIRIES.size, n))
    x = rng.normal(size=n) * 0.2 * np.sqrt(EXPIRIES[position])
    return {"log_moneyness": x, "expiry_index": position, "is_call": x > 0.0}


def volatility_error(refinement: float) -> float:
    """Return the worst implied-volatility error of a flat surface over strikes of all expiries."""
    position = np.repeat(np.arange(4), 9)
    x = np.tile(np.linspace(-1.7, 1.7, 9), 4) * 0.2 * np.sqrt(EXPIRIES[position])
    march = CompiledForwardMarch(
        surface=surface_of(0.2),
        grid=grid_of(0.2, refinement),
        log_moneyness=x,
        expiry_index=position,
        is_call=x > 0.0,
    )
    price = march.march(surface_of(0.2).parameters)
    found = implied_volatility(
        price=price, forward=1.0, strike=np.exp(x), expiry=EXPIRIES[position], is_call=x > 0.0
    )
    return float(np.abs(found - 0.2).max())


def test_flat_surface_gives_black_with_second_order() -> None:
    """Errors of volatilities fall with the square of spacing and step together."""
    refinements = np.array([1.0, 2.0, 4.0, 8.0])
    errors = np.array([volatility_error(r) for r in refinements])
    order = -np.polyfit(np.log(refinements), np.log(errors), 1)[0]
    assert 1.8 < order < 2.4, f"observed order {order:.2f} from errors {errors}"
    assert errors[-1] < 2e-5


def test_calls_fall_and_are_convex_and_below_their_bounds() -> None:
    """No butterfly arbitrage at any expiry, and no calendar arbitrage between expiries."""
    surface, grid = surface_of(0.3, 0.3), grid_of(0.3)
    rows = np.array(
        march_forward(
            grid=grid,
            variance=lambda m: surface.variance_row(log_moneyness=grid.nodes, time=grid.midpoints[m]),
        )
    )
    slope = np.diff(rows, axis=1) / np.diff(grid.moneyness)
    assert (slope <= 1e-12).all() and (slope >= -1.0 - 1e-12).all()
    assert (np.diff(slope, axis=1) >= -1e-9).all()
    assert (np.diff(rows, axis=0) >= -1e-12).all()


def test_kernel_equals_generic_twin(rng: np.random.Generator) -> None:
    """The compiled march and the readable one give the same node values and quotes."""
    surface, grid, quotes = surface_of(0.25, 0.3), grid_of(0.25), quotes_on(rng)
    compiled = CompiledForwardMarch(surface=surface, grid=grid, **quotes).march(surface.parameters)
    rows = march_forward(
        grid=grid, variance=lambda m: surface.variance_row(log_moneyness=grid.nodes, time=grid.midpoints[m])
    )
    start, stencil = lagrange_stencils(grid.nodes, quotes["log_moneyness"])
    columns = start[:, None] + np.arange(4)
    calls = np.array(rows)[quotes["expiry_index"][:, None], columns]
    puts = calls - (1.0 - np.exp(grid.nodes))[columns]
    generic = (np.where(quotes["is_call"][:, None], calls, puts) * stencil).sum(axis=1)
    assert np.abs(compiled - generic).max() < 1e-12


def test_variance_kernel_equals_the_surface() -> None:
    """Tabulated bases give the surface's own local variance."""
    surface, grid = surface_of(0.25, 0.3), grid_of(0.25)
    nothing = np.zeros(0)
    march = CompiledForwardMarch(
        surface=surface,
        grid=grid,
        log_moneyness=nothing,
        expiry_index=nothing.astype(int),
        is_call=nothing > 0.0,
    )
    wanted = surface.local_volatility(log_moneyness=grid.nodes, time=grid.midpoints[:, None]) ** 2
    assert np.abs(march.variance(surface.parameters) / wanted - 1.0).max() < 1e-12


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_jacobian_adjoint_and_tape_agree(n_threads: int, rng: np.random.Generator) -> None:
    """Tangent lanes, the discrete adjoint and the tape of the generic march give one derivative."""
    surface, quotes = surface_of(0.25, 0.3), quotes_on(rng)
    grid = forward_grid(
        expiries=EXPIRIES, first_deviation=0.05, lower=-1.5, upper=1.2, n_nodes=40, first_steps=6
    )
    march = CompiledForwardMarch(surface=surface, grid=grid, n_threads=n_threads, **quotes)
    march.march(surface.parameters)
    jacobian = march.jacobian().copy()
    seed = rng.normal(size=quotes["is_call"].size)
    scale = np.abs(seed @ jacobian).max()
    assert np.abs(march.gradient(seed) - seed @ jacobian).max() < 1e-13 * max(scale, 1.0)
    assert np.abs(march.jacobian(seed) - seed[:, None] * jacobian).max() < 1e-14

    start, stencil = lagrange_stencils(grid.nodes, quotes["log_moneyness"])

    def weighted(parameters: np.ndarray) -> object:
        weights, levels = surface.split(parameters)
        rows = march_forward(
            grid=grid,
            variance=lambda m: surface.variance_row(
                log_moneyness=grid.nodes, time=grid.midpoints[m], weights=weights, levels=levels
            ),
        )
        total = 0.0
        for q, e in enumerate(quotes["expiry_index"]):
            for k in range(4):
                total = total + seed[q] * stencil[q, k] * rows[e][start[q] + k]
        return total

    tape = ad.grad(weighted)(surface.parameters)
    assert np.abs(tape - seed @ jacobian).max() < 1e-12 * max(scale, 1.0)


def test_jacobian_does_not_depend_on_threads(rng: np.random.Generator) -> None:
    """Blocks of lanes are independent: bit-identical for any number of threads."""
    surface, quotes = surface_of(0.25, 0.3), quotes_on(rng)
    results = []
    for n_threads in (1, 2, 5):
        march = CompiledForwardMarch(surface=surface, grid=grid_of(0.25), n_threads=n_threads, **quotes)
        march.march(surface.parameters)
        results.append(march.jacobian().copy())
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


def book_on(volatility: float) -> dict[str, object]:
    """Return a small book over two expiries with rates and dividends in its forwards."""
    expiry = np.array([0.25, 0.25, 0.25, 1.0, 1.0])
    forward = 100.0 * np.exp(0.02 * expiry)
    return {
        "strikes": np.array([95.0, 100.0, 100.0, 90.0, 115.0]),
        "expiries": expiry,
        "is_call": np.array([False, True, False, False, True]),
        "forwards": forward,
        "discounts": np.exp(-0.03 * expiry),
        "reference_spot": 100.0,
        "surface": surface_of(volatility),
    }


def test_book_on_a_flat_surface_has_black_scholes_greeks() -> None:
    """Price, delta, gamma, rho, dividend rho and the sum of all vegas of a flat surface are Black-Scholes's."""
    book = book_on(0.2)
    surface = book["surface"]

    for k in range(5):
        one = {name: v[k : k + 1] if isinstance(v, np.ndarray) else v for name, v in book.items()}
        grid = book_grid(surface=surface, expiries=one["expiries"], n_nodes=160, nodes_per_deviation=16.0)

        def value(z: np.ndarray, one: dict = one, grid: ForwardGrid = grid) -> object:
            weights = ad.array(list(surface.weights.ravel() + z[3])).reshape(surface.weights.shape)
            return price_book(
                **one, spot=z[0], rate_shift=z[1], dividend_shift=z[2], weights=weights, grid=grid
            )[0]

        at = np.array([100.0, 0.0, 0.0, 0.0])
        program = ad.record(value, at)
        gradient = program.gradient(at)
        gamma = program.hvp(at, np.array([1.0, 0.0, 0.0, 0.0]))[0]
        wanted = black_scholes.greeks(
            spot=100.0,
            strike=one["strikes"][0],
            expiry=one["expiries"][0],
            rate=0.03,
            dividend_yield=0.01,
            volatility=0.2,
            is_call=bool(one["is_call"][0]),
        )
        assert program.value(at) == pytest.approx(wanted.price, rel=2e-3)
        assert gradient[0] == pytest.approx(wanted.delta, abs=1e-3)
        assert gradient[1] == pytest.approx(wanted.rho, rel=2e-3)
        assert gradient[3] == pytest.approx(wanted.vega * 0.2, rel=2e-3)  # d sigma / d ln sigma = sigma
        assert gamma == pytest.approx(wanted.gamma, rel=5e-3)


@pytest.mark.parametrize(("first", "last"), [(28 / 365, 91 / 365), (7 / 365, 1.0)])
def test_gamma_at_the_money_has_no_ripple(first: float, last: float) -> None:
    """The kink of the payoff is damped away before the first expiry: gamma around the money is Black-Scholes's."""
    surface = surface_of(0.13)
    d = np.array([-0.5, -0.05, -0.01, 0.0, 0.01, 0.05, 0.5])
    expiry = np.repeat([first, last], d.size)
    strikes = 100.0 * np.exp(np.tile(d, 2) * 0.13 * np.sqrt(expiry))
    book = {
        "surface": surface,
        "strikes": strikes,
        "expiries": expiry,
        "is_call": np.ones(expiry.size, dtype=bool),
        "forwards": np.full(expiry.size, 100.0),
        "discounts": np.ones(expiry.size),
        "reference_spot": 100.0,
    }
    program = ad.record(lambda z: np.array(price_book(**book, spot=z[0])), np.array([100.0]))
    up, down = (program.jvp([100.0 + h], np.ones(1)) for h in (1e-3, -1e-3))
    wanted = black_scholes.greeks(spot=100.0, strike=strikes, expiry=expiry, rate=0.0, volatility=0.13).gamma
    assert (up - down) / 2e-3 == pytest.approx(wanted, rel=2e-3)


def test_a_book_of_far_strikes_finds_its_grid() -> None:
    """Strikes beyond six deviations widen the grid; their parity, intrinsic value and delta are right."""
    surface = surface_of(0.12)
    strikes = np.array([20.0, 60.0, 140.0, 250.0])
    book = {
        "surface": surface,
        "strikes": strikes,
        "expiries": np.full(4, 30 / 365),
        "is_call": np.array([True, True, False, False]),
        "forwards": np.full(4, 100.0),
        "discounts": np.ones(4),
        "reference_spot": 100.0,
    }
    program = ad.record(lambda z: np.array(price_book(**book, spot=z[0])), np.array([100.0]))
    assert program.value([100.0]) == pytest.approx(np.abs(100.0 - strikes), abs=1e-6)
    assert program.jacobian([100.0])[:, 0] == pytest.approx([1.0, 1.0, -1.0, -1.0], abs=1e-6)


@pytest.mark.parametrize("money", [0.3, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("n_nodes", [40, 140, 280])
def test_every_strike_lies_inside_the_grid(money: float, n_nodes: int) -> None:
    """With room for the spot to move, on either side, for short and long books and coarse and fine grids."""
    for expiry in (7 / 365, 1.0):
        for x in (-money, money):
            grid = book_grid(surface=surface_of(0.15), expiries=[expiry], log_moneyness=[x], n_nodes=n_nodes)
            assert grid.nodes[0] < min(x, 0.0) - 0.01 and max(x, 0.0) + 0.01 < grid.nodes[-1]


def test_book_greeks_on_a_skewed_surface_equal_bumps() -> None:
    """The recorded gradient is the derivative of the price in every input, the anchored surface included."""
    book = book_on(0.2)
    surface = surface_of(0.2, 0.1)
    book["surface"] = surface
    grid = book_grid(
        surface=surface, expiries=book["expiries"], n_nodes=60, nodes_per_deviation=8.0, later_steps=12
    )
    cut = 3 + surface.weights.size

    def value(z: np.ndarray) -> object:
        weights = z[3:cut].reshape(surface.weights.shape)
        prices = price_book(
            **book,
            spot=z[0],
            rate_shift=z[1],
            dividend_shift=z[2],
            weights=weights,
            levels=z[cut:],
            grid=grid,
        )
        return sum(p * q for p, q in zip(prices, (1.0, -2.0, 1.5, 3.0, -1.0), strict=True))

    at = np.concatenate([[100.0, 0.0, 0.0], surface.parameters])
    gradient = ad.record(value, at).gradient(at)
    for j in (0, 1, 2, 3 + 9, 3 + 24, cut, cut + 3):
        step = 1e-4 if j == 0 else 1e-6
        up, down = at.copy(), at.copy()
        up[j] += step
        down[j] -= step
        bump = (value(up) - value(down)) / (2.0 * step)
        assert gradient[j] == pytest.approx(bump, rel=2e-6, abs=1e-6), j


def test_book_keeps_parity_and_a_small_tape() -> None:
    """Call less put is D (F - K) to round-off at any spot; a recording holds little more than the nodes at expiries."""
    book = book_on(0.2)
    book["surface"] = surface_of(0.2, 0.1)
    prices = price_book(**book, spot=103.0, rate_shift=0.004)
    forward = book["forwards"][1] * 1.03 * np.exp(0.004 * 0.25)
    discount = book["discounts"][1] * np.exp(-0.004 * 0.25)
    assert prices[1] - prices[2] == pytest.approx(discount * (forward - 100.0), abs=1e-10)

    program = ad.record(lambda z: sum(price_book(**book, spot=z[0])), np.array([100.0]))
    assert program.n_nodes < 1000
    expanded = ad.record(lambda z: sum(price_book(**book, spot=z[0], expand=True)), np.array([100.0]))
    assert 100_000 < expanded.n_nodes < 300_000


def test_grid_hits_every_expiry_and_the_money() -> None:
    """Steps end at the expiries, also where two are a quarter of a day apart; a node is exactly at the money."""
    grid = grid_of(0.2)
    ends = np.cumsum(grid.steps)
    assert np.abs(ends[grid.last_step] - EXPIRIES).max() < 1e-14
    assert np.count_nonzero(grid.nodes == 0.0) == 1
    assert (np.diff(grid.nodes) > 0.0).all() and (grid.steps > 0.0).all()
    assert grid.implicitness[:8].tolist() == [1.0] * 8 and set(grid.implicitness[8:]) == {0.5}


def test_grid_falls_back_to_equal_spacing() -> None:
    """Where equal spacing is finer than asked for, it is used, and the money stays on a node."""
    grid = forward_grid(expiries=np.array([1.0]), first_deviation=10.0, lower=-1.0, upper=1.0, n_nodes=50)
    assert np.ptp(np.diff(grid.nodes)) < 1e-12 and 0.0 in grid.nodes


def test_lagrange_is_exact_for_cubics_and_stays_inside(rng: np.random.Generator) -> None:
    """Four points reproduce a cubic at every point, the end cells included."""
    nodes = np.sort(rng.normal(size=20))
    points = np.linspace(nodes[0], nodes[-1], 50)
    start, weights = lagrange_stencils(nodes, points)
    cubic = np.polynomial.Polynomial(rng.normal(size=4))
    found = (cubic(nodes)[start[:, None] + np.arange(4)] * weights).sum(axis=1)
    assert np.abs(found - cubic(points)).max() < 1e-9
    with pytest.raises(AadValueError, match="widen the grid"):
        lagrange_stencils(nodes, np.array([nodes[-1] + 0.1]))


def bad_book(**changes: object) -> object:
    """Price the book with some arguments replaced."""
    arguments = {**book_on(0.2), "spot": 100.0, **changes}
    return price_book(**arguments)


GOOD = {"expiries": EXPIRIES, "first_deviation": 0.05, "lower": -1.0, "upper": 1.0}
BAD = {
    "negative spot": (lambda: bad_book(spot=-1.0), "spot"),
    "nan rate": (lambda: bad_book(rate_shift=np.nan), "rate_shift"),
    "negative strike": (lambda: bad_book(strikes=np.array([95.0, -1.0, 1.0, 1.0, 1.0])), r"strikes\[1\]"),
    "short strikes": (lambda: bad_book(strikes=np.array([95.0])), "shape"),
    "strike outside its grid": (
        lambda: bad_book(
            strikes=np.array([95.0, 1e9, 100.0, 90.0, 115.0]),
            grid=book_grid(surface=surface_of(0.2), expiries=[0.25, 1.0]),
        ),
        "widen the grid",
    ),
    "nan moneyness": (
        lambda: book_grid(surface=surface_of(0.2), expiries=[0.25], log_moneyness=[np.nan]),
        "log_moneyness",
    ),
    "missed expiry": (lambda: bad_book(grid=grid_of(0.2, expiries=np.array([0.25, 2.0]))), "does not hit"),
    "expiries out of order": (lambda: forward_grid(**{**GOOD, "expiries": EXPIRIES[::-1]}), "increasing"),
    "expiry zero": (lambda: forward_grid(**{**GOOD, "expiries": np.array([0.0, 1.0])}), "above zero"),
    "no money": (lambda: forward_grid(**{**GOOD, "lower": 0.1}), "hold 0"),
    "few nodes": (lambda: forward_grid(**GOOD, n_nodes=3), "n_nodes"),
    "smoothing": (lambda: forward_grid(**GOOD, first_steps=2, smoothing_steps=4), "smoothing_steps"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    """Every mistake has its own message."""
    call, message = BAD[case]
    with pytest.raises(AadValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expiry_index": np.array([1, 0])}, "sort the quotes"),
        ({"expiry_index": np.array([0])}, "shape"),
        ({"log_moneyness": np.array([0.0, 9.0])}, "widen"),
    ],
)
def test_bad_quotes_are_named(change: dict[str, np.ndarray], message: str) -> None:
    """Quotes out of order, of another length or outside the grid do not reach a kernel."""
    good = {
        "log_moneyness": np.zeros(2),
        "expiry_index": np.array([0, 1]),
        "is_call": np.array([True, False]),
    }
    with pytest.raises(AadValueError, match=message):
        CompiledForwardMarch(surface=surface_of(0.2), grid=grid_of(0.2), **{**good, **change})


def test_bad_parameters_are_named() -> None:
    """Parameters of the wrong length or with NaN are refused before the march."""
    surface = surface_of(0.2)
    one = np.zeros(1)
    march = CompiledForwardMarch(
        surface=surface,
        grid=grid_of(0.2),
        log_moneyness=one,
        expiry_index=one.astype(int),
        is_call=one == 0.0,
    )
    with pytest.raises(AadValueError, match="shape"):
        march.march(np.zeros(3))
    with pytest.raises(AadValueError, match="finite"):
        march.march(np.full(surface.n_parameters, np.nan))


@pytest.mark.parametrize(("spot", "rate_shift"), [(100.0, 0.0), (104.0, 0.005)])
def test_book_equals_the_backward_equation(spot: float, rate_shift: float) -> None:
    """Forward and backward equations price alike on one local volatility, also after spot and rate have moved.

    The backward equation is told sigma(S, t) in absolute spot, anchored at the reference forwards, so this also
    pins down what stays fixed when the market moves.
    """
    surface = replace(surface_of(0.2, 0.15), levels=np.zeros(4))  # jumps in time cost both marches an order

    def volatility(spots: np.ndarray, time: float) -> np.ndarray:
        reference = 100.0 * np.exp(0.02 * time)
        with np.errstate(divide="ignore"):
            x = np.maximum(np.log(spots / reference), -5.0)
        return surface.local_volatility(log_moneyness=x, time=time)

    strikes, expiry = np.array([85.0, 100.0, 118.0]), 0.5
    is_call = np.array([False, True, True])
    forward = price_book(
        surface=surface,
        strikes=strikes,
        expiries=np.full(3, expiry),
        is_call=is_call,
        forwards=np.full(3, 100.0 * np.exp(0.02 * expiry)),
        discounts=np.full(3, np.exp(-0.03 * expiry)),
        reference_spot=100.0,
        spot=spot,
        rate_shift=rate_shift,
    )
    for k in range(3):
        wanted = backward.price(
            spot=spot,
            strike=float(strikes[k]),
            expiry=expiry,
            rate=0.03 + rate_shift,
            dividend_yield=0.01,
            volatility=volatility,
            is_call=bool(is_call[k]),
            grid=sinh_grid(lowest=20.0, highest=400.0, centre=100.0, width=10.0, n_nodes=601),
            n_steps=400,
        )
        assert forward[k] == pytest.approx(wanted, abs=4e-3), k
