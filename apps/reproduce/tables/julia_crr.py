"""The article's first example: an American put on a Cox-Ross-Rubinstein tree, on floats and on dual numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.american_put import CONTRACT, N_STEPS, TEXT, plain_tree
from apps.reproduce.measures.timing import median_seconds

QUANTLIB, PRICE = "QuantLib, price", "price"
DELTA, VEGA, SECOND = "price, delta", "price, delta, vega", "price, 2 first and 3 second derivatives"
PUBLISHED = {
    f"time, {QUANTLIB}": 30.0,
    f"time, {PRICE}": 9.0,
    f"time, {DELTA}": 10.0,
    f"time, {VEGA}": 11.0,
    f"time, {SECOND}": 25.0,
    f"over the price alone, {DELTA}": 1.1,
    f"over the price alone, {VEGA}": 1.2,
    f"over the price alone, {SECOND}": 2.7,
    "gamma by second-order duals": 0.0,
}


def quantlib_price() -> Callable[[], float]:
    """Return QuantLib's pricing on the same tree; its spot moves a little at each call: nothing is remembered."""
    import QuantLib as ql  # noqa: N813 - the name its users know

    today = ql.Date(2, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    day_count = ql.Actual365Fixed()
    spot = ql.SimpleQuote(CONTRACT["spot"])
    flat = [
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, day_count))
        for rate in (0.0, CONTRACT["rate"])
    ]
    volatility = ql.BlackConstantVol(today, ql.NullCalendar(), CONTRACT["volatility"], day_count)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(spot), *flat, ql.BlackVolTermStructureHandle(volatility)
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Put, CONTRACT["strike"])
    option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + 365))
    option.setPricingEngine(ql.BinomialCRRVanillaEngine(process, N_STEPS))

    def price() -> float:
        spot.setValue(CONTRACT["spot"] if spot.value() != CONTRACT["spot"] else CONTRACT["spot"] + 1e-4)
        return float(option.NPV())

    return price


def rows(stage: Stage) -> Sequence[Ours]:
    """Time the price alone and with derivatives, and QuantLib's price where it is installed."""
    from aadlib.compiled_duals import derivatives

    tree, arguments = plain_tree()
    runs: dict[str, Callable[[], object]] = {
        PRICE: partial(tree, *arguments),
        DELTA: partial(derivatives(tree, order=1, active=(0,)), *arguments),
        VEGA: partial(derivatives(tree, order=1, active=(0, 5)), *arguments),
        SECOND: partial(derivatives(tree, order=2, active=(0, 5)), *arguments),
    }
    with stage("trees"):
        seconds = {name: median_seconds(run) for name, run in runs.items()}
    with stage("QuantLib"):
        if find_spec("QuantLib") is not None:
            seconds[QUANTLIB] = median_seconds(quantlib_price())
    (value, gradient, hessian), _ = derivatives(tree, order=2, active=(0, 5))(*arguments)
    found = [Ours(f"time, {name}", 1e3 * time, "ms") for name, time in seconds.items()]
    if QUANTLIB not in seconds:
        found.append(Ours(f"time, {QUANTLIB}", "not installed"))
    found += [
        Ours(f"over the price alone, {name}", seconds[name] / seconds[PRICE])
        for name in (DELTA, VEGA, SECOND)
    ]
    if QUANTLIB in seconds:
        found += [Ours(f"over QuantLib's price, {name}", seconds[name] / seconds[QUANTLIB]) for name in runs]
    return [
        *found,
        Ours("price", value, "currency"),
        Ours("delta", float(gradient[0]), "per unit of spot"),
        Ours("vega", float(gradient[1]), "per unit of volatility"),
        Ours("gamma by second-order duals", float(hessian[0, 0]), "per unit of spot squared"),
    ]


TABLE = PublishedTable(
    title=f"Dual numbers through a binomial tree: American put, {TEXT}",
    source="article on automatic differentiation for the Greeks in Julia, example 1",
    published=PUBLISHED,
    stages=("trees", "QuantLib"),
    rows=rows,
    note=(
        "The article does not state its contract, so only times and ratios compare. Floats and duals are compiled to "
        "SIMD; the price alone is so cheap that the overhead over it is larger than on the article's tree. Gamma is "
        "zero because the tree is piecewise linear in the spot; julia-figure-2 shows the one that is right."
    ),
)
