"""A Bermudan put with all second-order Greeks by simulation, against the price alone of QuantLib's simulation."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import bermudan as model

from contests import Settings
from contests.racing import Contestants, line, race

QUANTLIB = "QuantLib, price alone"


def quantlib_price() -> Callable[[], float]:
    """Return the price by QuantLib's least-squares engine, on as many paths and dates."""
    import QuantLib as ql  # noqa: N813 - the name its users know

    today = ql.Date(2, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    rates = [
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)) for rate in (0.0, model.PUT["rate"])
    ]
    volatility = ql.BlackConstantVol(today, ql.NullCalendar(), model.PUT["volatility"], count)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(model.PUT["spot"])), *rates, ql.BlackVolTermStructureHandle(volatility)
    )

    def price() -> float:
        payoff = ql.PlainVanillaPayoff(ql.Option.Put, model.PUT["strike"])
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + 365))
        option.setPricingEngine(
            ql.MCAmericanEngine(
                process,
                "pseudorandom",
                timeSteps=model.PUT["n_dates"],
                requiredSamples=model.N_PATHS,
                seed=42,
            )
        )
        return float(option.NPV())

    return price


def run(settings: Settings) -> None:
    """Race the put's Greeks, and the frozen function's Hessian against bumping."""
    case = model.Bermudan()
    case.setup()
    print(f"Bermudan put, {model.PUT['n_dates']} dates, {model.N_PATHS:,} paths in each of two passes")
    contestants: Contestants = {
        "price with all Greeks to second order": case.greeks,
        "price": case.price,
        "frozen times: 3 x 3 Hessian after the exercise": case.frozen_hessian,
        "the same by 19 NumPy prices": lambda: model.bumped_hessian(case.stops),
    }
    try:
        contestants[QUANTLIB] = quantlib_price()
    except ImportError:
        print("  QuantLib is not installed")
    medians = race(contestants, min(settings.rounds, 7))
    for name, seconds in medians.items():
        line(
            name,
            seconds,
            "ms",
            1e3,
            {QUANTLIB: medians[QUANTLIB]} if QUANTLIB in medians and name != QUANTLIB else {},
        )
