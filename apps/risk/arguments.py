"""The arguments of the program `risk`."""

from __future__ import annotations

import argparse
from pathlib import Path

from greeks2 import METHODS

READING = ("spot", "quote_date", "expiry", "at", "underlying", "decimal", "dates", "zone")
"""Options that `pricers.chain.load_quotes` takes under the same names and as they are."""
MARKET = ("exercise", "rate", "dividend_yield", "curve", "dividends", "forwards")
"""The same of those about the market."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    parser.add_argument(
        "chain",
        nargs="?",
        type=Path,
        metavar="CHAIN.csv",
        help="option chain (a synthetic one that ships with the package)",
    )
    add_chain_options(parser)
    _add_book(parser.add_argument_group("book and report"))


def add_chain_options(parser: argparse.ArgumentParser) -> None:
    """Declare how a chain is read, what is known of its market, and how a surface is fitted to it."""
    _add_reading(parser.add_argument_group("reading the chain, where the file leaves something open"))
    _add_market(parser.add_argument_group("the market behind it"))
    _add_fit(parser.add_argument_group("quotes and fit"))


def _add_reading(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--spot", type=float, metavar="S", help="price of the underlying")
    add("--quote-date", metavar="DATE", help="day of the quotes, YYYY-MM-DD")
    add("--expiry", metavar="DATE", help="expiry of all options, where no column has it")
    add(
        "--columns",
        metavar="FIELD=NAME,...",
        help='which column is which: "spot=Index Spot,bid=Best Bid"; "root=" leaves one unread',
    )
    add("--at", metavar="TIME", help='which snapshot of several: "15:45" or "2024-09-03 15:45"')
    add("--underlying", metavar="NAME", help="which underlying of several")
    add("--decimal", choices=[".", ","], help="the decimal sign, where the numbers do not prove it")
    add(
        "--dates",
        choices=["day-first", "month-first", "year-first", "serial"],
        help="the order of dates such as 03/09/2024, or serial for a spreadsheet's day numbers",
    )
    add("--zone", metavar="ZONE", help="the exchange's time zone, for times in UTC (America/New_York)")
    add("--explain", action="store_true", help="print what each column was taken for")


def _add_market(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--exercise",
        choices=["american", "european"],
        help="style of the options (a column, the root or put-call parity tells)",
    )
    add("--rate", type=float, metavar="R", help="zero rate, 0.05 for 5%% (implied by put-call parity)")
    add(
        "--dividend-yield",
        type=float,
        metavar="Q",
        help="forwards are the spot, less --dividends, grown at the rate less this (implied)",
    )
    add(
        "--curve", type=Path, metavar="FILE", help="zero rates: columns expiry or years, and rate or discount"
    )
    add("--dividends", type=Path, metavar="FILE", help="cash dividends: columns date or years, and amount")
    add("--forwards", type=Path, metavar="FILE", help="forwards: columns expiry and forward")
    add(
        "--limits",
        metavar="NAME=X,...",
        help=(
            "what is believed of the market without a warning; four times that is refused: spot_gap=0.015, carry=0.2, "
            "forward_gap=0.03, low_rate=-0.02, high_rate=0.15, residual=0.25 (of the spreads), root_gap=0.005"
        ),
    )


def _add_fit(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--min-open-interest", type=float, default=100.0, metavar="N", help="least of a quote (100)")
    add(
        "--max-relative-spread",
        type=float,
        default=1.5,
        metavar="X",
        help="quotes with a spread above so many mids are left out (1.5; 2: none)",
    )
    add(
        "--max-deviation",
        type=float,
        default=6.0,
        metavar="X",
        help="quotes so many deviations off what the others say are stale and left out (6; 1e9: none)",
    )
    add("--min-days", type=float, default=7.0, metavar="D", help="shortest expiry in days (7)")
    add("--max-years", type=float, default=2.0, metavar="Y", help="longest expiry in years (2)")
    add(
        "--weights",
        choices=["equal", "inverse_spread"],
        default="equal",
        help="of the squared volatility errors",
    )
    add(
        "--optimiser",
        default="gauss_newton",
        metavar="NAME",
        help="gauss_newton, least_squares, or L-BFGS-B and kin",
    )
    add("--strikes", type=int, default=16, metavar="N", help="most spline weights along strike (16)")
    add("--expiries", type=int, default=12, metavar="N", help="most spline weights along time (12)")


def add_book(group: argparse._ArgumentGroup) -> None:
    """Declare the book's file."""
    add = group.add_argument
    add(
        "--book",
        type=Path,
        metavar="BOOK.csv",
        help=(
            "columns quantity, expiry, strike, cp; product, root, label, multiplier where wanted; product is vanilla, "
            "american, barrier (barrier, barrier_type, rebate), digital (payout) or asian (fixings, past_mean) "
            "(an embedded book)"
        ),
    )


def _add_book(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add_book(group)
    add(
        "--multiplier",
        type=float,
        default=1.0,
        metavar="M",
        help="what one point of a price is worth, where the book does not say it (1)",
    )
    add("--currency", default="", metavar="NAME", help="what prices and Greeks are in, such as USD")
    add(
        "--stress",
        type=Path,
        metavar="FILE",
        help=(
            "scenarios: columns name, and any of spot_percent, volatility_points (parallel), tilt_points (per "
            "deviation), rate_basis_points, days (an embedded list)"
        ),
    )
    add(
        "--holdout",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="quotes held out for the second fit (0.2; 0: none)",
    )
    add(
        "--seed",
        type=int,
        default=20240229,
        metavar="N",
        help="of the draws of the held-out quotes and of simulated paths",
    )
    add(
        "--paths",
        type=int,
        default=8192,
        metavar="N",
        help="least number of paths of each simulated option (8192)",
    )
    add(
        "--method",
        choices=[*METHODS, "auto"],
        default="auto",
        help="of the Hessian (auto); edge_pushing and taylor record every operation of the march",
    )
    _add_report(group)


def _add_report(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--out",
        type=Path,
        default=Path("risk-report"),
        metavar="DIR",
        help="folder of the report (risk-report)",
    )
    add(
        "--no-desk",
        action="store_true",
        help="leave out smile dynamics, theta, Greeks in quotes, what they rest on, ladders and stress",
    )
    add("--no-report", action="store_true", help="print the tables alone, without pictures and files")
    add("--xlsx", action="store_true", help="write the tables as sheets of report.xlsx too (needs openpyxl)")
    add("--parquet", action="store_true", help="write each table as a Parquet file too (needs pyarrow)")
    add("--smiles", type=int, default=12, metavar="N", help="expiries drawn in the report (12)")
