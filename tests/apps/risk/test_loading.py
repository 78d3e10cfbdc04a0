"""Options of the command line about the chain and its market, and what the report says of the data."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.programs import build_parser
from apps.risk.loading import load, provenance
from pricers import black_scholes
from pricers.chain.quotes import Quotes

SMALL = ["--strikes", "6", "--expiries", "5", "--smiles", "1", "--holdout", "0", "--no-desk"]
STRIKES = np.arange(80.0, 121.0, 2.5)
EXPIRIES = {"2024-04-05": 35, "2024-06-21": 112, "2024-09-20": 203}


def chain_text(spot: float = 100.0, rate: float = 0.05, header: str = "spot") -> str:
    """Return a chain seen on 2024-03-01: 20% volatility, 1.5% dividend yield, spreads of 5 cents."""
    lines = [f"quote_date,{header},expiry,strike,cp,bid,ask"]
    for date, days in EXPIRIES.items():
        for strike in STRIKES.tolist():
            for cp in "CP":
                mid = float(
                    black_scholes.price(
                        spot=100.0,
                        strike=strike,
                        expiry=days / 365.0,
                        rate=rate,
                        dividend_yield=0.015,
                        volatility=0.2,
                        is_call=cp == "C",
                    )
                )
                bid, ask = max(mid - 0.025, 0.5 * mid), mid + 0.025
                lines.append(f"2024-03-01,{spot},{date},{strike},{cp},{bid:.6f},{ask:.6f}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that writes a file and returns its path."""

    def written(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return written


def quotes_of(*arguments: str) -> Quotes:
    return load(build_parser().parse_args(["risk", *arguments]))[1]


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_options_of_the_reading_arrive(write: Callable[[str, str], str]) -> None:
    chain = write("chain.csv", chain_text(spot=101.0, header="Index Level Somewhere"))
    assert quotes_of(chain, "--columns", "spot=Index Level Somewhere").spot == 101.0
    assert quotes_of(chain, "--spot", "100").spot == 100.0
    assert quotes_of(chain, "--spot", "100", "--quote-date", "2024-03-01", "--decimal", ".").spot == 100.0


def test_options_of_the_market_arrive(write: Callable[[str, str], str]) -> None:
    chain = write("chain.csv", chain_text())
    loose = ["--limits", "residual=100"]
    flat = quotes_of(chain, "--rate", "0.04", *loose)
    assert flat.slices[0].discount == pytest.approx(np.exp(-0.04 * 35 / 365), abs=1e-12)
    yielded = quotes_of(chain, "--rate", "0.05", "--dividend-yield", "0.01", *loose)
    assert yielded.slices[0].forward == pytest.approx(100.0 * np.exp(0.04 * 35 / 365), abs=1e-9)
    curve = write("curve.csv", "expiry,rate\n2024-04-05,0.03\n2024-09-20,0.06\n")
    assert -np.log(
        quotes_of(chain, "--curve", curve, *loose).slices[2].discount
    ) * 365 / 203 == pytest.approx(0.06)
    forwards = write("forwards.csv", "expiry,forward\n2024-06-21,101.5\n")
    assert quotes_of(chain, "--forwards", forwards, *loose).slices[1].forward == 101.5
    dividends = write("dividends.csv", "date,amount\n2024-05-01,1\n")
    american = quotes_of(chain, "--dividends", dividends, "--exercise", "american", *loose)
    assert american.exercise_style == "american"
    assert american.explanation is not None and any(
        "1 cash dividend" in note for note in american.explanation.notes
    )


def test_a_spot_that_is_wrong_is_an_error_and_one_that_is_off_a_warning(
    write: Callable[[str, str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "report")
    assert main(["risk", write("chain.csv", chain_text(spot=200.0)), "--out", out]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: spot = 200") and "--spot 100" in shown and shown.count("\n") == 1
    assert main(["risk", write("chain.csv", chain_text(spot=97.5)), *SMALL, "--out", out]) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("warning: spot = 97.5") and shown.count("\n") == 1
    assert "Warning: spot = 97.5" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_the_data_section(
    write: Callable[[str, str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = write("chain.csv", chain_text())
    assert main(["risk", chain, "--explain", *SMALL, "--out", str(tmp_path / "report")]) == 0
    shown = capsys.readouterr()
    assert shown.err == "" and "expiry      expiry" in shown.out and "exercise: european" in shown.out
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    for title in (
        "Data</h2>",
        "Implied market",
        "Arbitrage in the quotes",
        "Worst quotes",
        "Bounds of the fit",
        "Made from",
    ):
        assert title in page
    assert "--min-days" in page and "sha256 of chain chain.csv" in page and "No open interest" in page
    market = read(tmp_path / "report" / "market.csv")
    assert [float(row["zero_rate"]) for row in market] == pytest.approx([0.05] * 3, abs=1e-3)
    assert [float(row["carry"]) for row in market] == pytest.approx([0.035] * 3, abs=1e-3)
    assert read(tmp_path / "report" / "arbitrage.csv") == []


def test_stale_quotes_are_named(
    write: Callable[[str, str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = chain_text().splitlines()
    k = next(k for k, line in enumerate(lines) if line.startswith("2024-03-01,100.0,2024-06-21,110.0,C"))
    stale = lines[k].split(",")
    stale[5:] = ["2.30", "2.35"]
    lines[k] = ",".join(stale)
    assert main(["risk", write("c.csv", "\n".join(lines)), *SMALL, "--out", str(tmp_path / "report")]) == 0
    assert "Arbitrage in the quotes" in capsys.readouterr().out
    assert {row["sold"] for row in read(tmp_path / "report" / "arbitrage.csv")} >= {"2024-06-21 110 call"}


def test_mid_prices_have_no_inside(write: Callable[[str, str], str], tmp_path: Path) -> None:
    rows = [line.rsplit(",", 1)[0] for line in chain_text().splitlines()]
    text = "\n".join(f"{row},{row.rsplit(',', 1)[1]}" for row in rows).replace("bid,bid", "bid,ask")
    assert main(["risk", write("mid.csv", text), *SMALL, "--out", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "mid prices only" in page and '<th class="right">inside' not in page
    assert {row["inside_bid_ask"] for row in read(tmp_path / "report" / "quotes.csv")} == {""}


def test_a_multiplier_counts(write: Callable[[str, str], str], tmp_path: Path) -> None:
    chain = write("chain.csv", chain_text())
    row = "2,2024-06-21,100,C"
    books = {
        "plain": f"quantity,expiry,strike,cp\n{row}\n",
        "hundred": f"quantity,expiry,strike,cp,multiplier,product\n{row},100,vanilla\n",
    }
    values = {}
    for name, text in books.items():
        out = tmp_path / name
        assert main(["risk", chain, "--book", write("book.csv", text), *SMALL, "--out", str(out)]) == 0
        values[name] = {r["greek"]: float(r["value"]) for r in read(out / "greeks.csv")}
        (position,) = read(out / "book.csv")
        assert position["quantity"] == "2" and float(position["value"]) == pytest.approx(
            values[name]["value"]
        )
    assert position["multiplier"] == "100"
    for name, value in values["plain"].items():
        assert values["hundred"][name] == pytest.approx(100.0 * value, rel=1e-9, abs=1e-9), name


def test_what_the_report_was_made_from(write: Callable[[str, str], str]) -> None:
    chain = write("chain.csv", "text")
    arguments = build_parser().parse_args(["risk", chain, "--rate", "0.04", "--out", "elsewhere"])
    made_from = provenance(arguments)
    assert made_from["sha256 of chain chain.csv"].startswith("982d9e3eb996f559")
    assert made_from["--rate"] == "0.04" and made_from["--min-days"] == "7.0"
    assert "--out" not in made_from and "--spot" not in made_from
