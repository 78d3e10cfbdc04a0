"""The program `explain`, over the embedded chains and over files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from apps.programs import run
from pricers.chain.synthetic import NEXT_DAY, write_synthetic_chain


def test_the_embedded_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Most of a day's profit and loss is explained; the table and the file say the same."""
    target = tmp_path / "attribution.csv"
    assert run(["explain", "--csv", str(target)]) == 0
    shown = capsys.readouterr().out
    assert "Profit and loss by position" in shown and "whole book" in shown
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    shares = sorted(abs(float(row["unexplained"]) / float(row["profit_and_loss"])) for row in rows)
    assert shares[len(shares) // 2] < 0.05
    terms = ("time", "spot", "gamma", "rates", "dividends", "volatility", "volga", "vanna", "charm", "veta")
    for row in rows:
        total = sum(float(row[name]) for name in (*terms, "unexplained"))
        assert total == pytest.approx(float(row["profit_and_loss"]), abs=1e-8)
        assert float(row["after"]) - float(row["before"]) == pytest.approx(
            float(row["profit_and_loss"]), abs=1e-8
        )


def test_two_files_and_a_mixed_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A barrier option and an American put are explained like the rest."""
    first, second, book = (tmp_path / name for name in ("first.csv", "second.csv", "book.csv"))
    write_synthetic_chain(first)
    write_synthetic_chain(second, NEXT_DAY)
    book.write_text(
        "quantity,expiry,strike,cp,product,barrier,barrier_type,label\n"
        "10,2006-06-16,1200,P,american,,,put\n"
        "-5,2006-06-16,1250,C,barrier,1450,up-and-out,knock-out\n",
        encoding="utf-8",
    )
    assert run(["explain", str(first), str(second), "--book", str(book)]) == 0
    shown = capsys.readouterr().out
    assert "American 1200 put" in shown and "knock-out" in shown


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file, the wrong order, what is simulated and what expires in between."""
    first, second, book = (tmp_path / name for name in ("first.csv", "second.csv", "book.csv"))
    write_synthetic_chain(first)
    write_synthetic_chain(second, NEXT_DAY)
    assert run(["explain", str(first)]) == 2
    assert "name two files" in capsys.readouterr().err
    assert run(["explain", str(second), str(first)]) == 2
    assert "is not later than the first" in capsys.readouterr().err
    book.write_text("quantity,expiry,strike,cp,product,fixings\n1,0.5,1200,C,asian,6\n", encoding="utf-8")
    assert run(["explain", str(first), str(second), "--book", str(book)]) == 2
    assert "asian options are simulated" in capsys.readouterr().err
    book.write_text("quantity,expiry,strike,cp\n1,0.001,1200,C\n", encoding="utf-8")
    assert run(["explain", str(first), str(second), "--book", str(book)]) == 2
    assert "expires on or before the day" in capsys.readouterr().err
