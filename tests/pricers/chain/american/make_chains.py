"""Writes the American chains beside it with QuantLib: `python tests/chain/american/make_chains.py`.

Seen on 2024-03-01 at a spot of 100; volatility 0.22 - 0.15 k / sqrt(t + 0.2) + 0.3 k^2 with k = ln(K / F). Flat rates;
`dividends` pays 1.2 on 2024-05-17 and 1.3 on 2024-11-15 in the escrowed model, `spot_dividends` the same as jumps of
a log-normal spot of volatility 22%. Bid and ask are the price -/+ max(0.01, 0.5%), rounded to a tenth of a cent.
"""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import numpy as np
import QuantLib as ql  # noqa: N813

from tests.pricers.chain.american.truth import CASES, QUOTE_DATE, SPOT, Case

DAY_COUNT = ql.Actual365Fixed()
TODAY = ql.Date(QUOTE_DATE.day, QUOTE_DATE.month, QUOTE_DATE.year)


def american_price(case: Case, strike: float, days: int, is_call: bool) -> float:
    """Return QuantLib's price: by its spectral engine, or by finite differences where there are cash dividends."""
    volatility = case.volatility(strike, days / 365.0)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(SPOT)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, case.dividend_yield, DAY_COUNT)),
        ql.YieldTermStructureHandle(ql.FlatForward(TODAY, case.rate, DAY_COUNT)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, DAY_COUNT)),
    )
    kind = ql.Option.Call if is_call else ql.Option.Put
    option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, strike), ql.AmericanExercise(TODAY, TODAY + days))
    if case.dividends:
        paid = [(TODAY + ahead, amount) for ahead, amount in case.dividends if ahead <= days]
        vector = ql.DividendVector([date for date, _ in paid], [amount for _, amount in paid])
        model = (
            ql.FdBlackScholesVanillaEngine.Escrowed if case.escrowed else ql.FdBlackScholesVanillaEngine.Spot
        )
        option.setPricingEngine(
            ql.FdBlackScholesVanillaEngine(
                process, vector, max(100, days), 400, 0, ql.FdmSchemeDesc.Douglas(), False, -1.0, model
            )
        )
    else:
        option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.highPrecisionScheme()))
    return float(option.NPV())


def main() -> None:
    """Write every chain."""
    ql.Settings.instance().evaluationDate = TODAY
    for name, case in CASES.items():
        with (Path(__file__).parent / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["quote_date", "spot", "expiry", "strike", "cp", "bid", "ask", "open_interest"])
            for days in case.days:
                width = 2.3 * 0.24 * np.sqrt(days / 365.0)
                spacing = max(1.0, round(2.0 * 100.0 * width / 18.0))
                strikes = np.arange(100.0 - 9 * spacing, 100.0 + 9.5 * spacing, spacing)
                expiry = QUOTE_DATE + datetime.timedelta(days=days)
                for strike in strikes:
                    for is_call in (True, False):
                        price = american_price(case, float(strike), days, is_call)
                        half = max(0.01, 0.005 * price)
                        if price > 2.0 * half:
                            writer.writerow(
                                [QUOTE_DATE, SPOT, expiry, f"{strike:g}", "C" if is_call else "P",
                                 f"{price - half:.3f}", f"{price + half:.3f}", 1000]
                            )  # fmt: skip


if __name__ == "__main__":
    main()
