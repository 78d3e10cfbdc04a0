"""Files as spreadsheets and R write them: day numbers for dates, and a header one name short."""

from __future__ import annotations

import datetime
import re

import pytest

from aadlib.errors import AadValueError
from pricers.chain import load_quotes, read_chain

FRIDAY, WEDNESDAY, QUOTE = 45555, 45553, 45538  # 2024-09-20, 2024-09-18, 2024-09-03


def written(tmp_path, text):
    path = tmp_path / "chain.csv"
    path.write_text(text)
    return path


def rows(expiries, quote_date=QUOTE):
    lines = ["quote_date,spot,root,expiry,strike,cp,bid,ask"]
    lines += [f"{quote_date},100,XYZ,{expiry},100,{cp},4.0,4.2" for expiry in expiries for cp in "CP"]
    return "\n".join(lines) + "\n"


def test_day_numbers_are_dates_where_fridays_prove_them(tmp_path):
    found = read_chain(written(tmp_path, rows([FRIDAY, WEDNESDAY])))
    assert found.quote_date == datetime.date(2024, 9, 3)
    assert set(found.expiry_dates) == {datetime.date(2024, 9, 18), datetime.date(2024, 9, 20)}
    assert any("day numbers" in note for note in found.explanation.notes)


def test_a_day_number_may_have_a_time_and_stand_beside_a_date(tmp_path):
    found = read_chain(written(tmp_path, rows([f"{FRIDAY}.6666666667"], quote_date="2024-09-03")))
    assert found.quote_date == datetime.date(2024, 9, 3) and found.expiry_dates == (
        datetime.date(2024, 9, 20),
    )


@pytest.mark.parametrize("expiry", [WEDNESDAY, 45557])  # 45557 is a Sunday
def test_without_proof_the_option_is_asked_for(tmp_path, expiry):
    path = written(tmp_path, rows([expiry]))
    with pytest.raises(AadValueError, match=re.escape("dates='serial' (--dates serial)")):
        read_chain(path)
    assert read_chain(path, dates="serial").quote_date == datetime.date(2024, 9, 3)


@pytest.mark.parametrize("separator", [" ", "\t", ","])
def test_row_names_of_r(tmp_path, separator):
    """write.table(chain): quoted texts, and no name above the row names."""
    names = ["quote_date", "spot", "root", "expiry", "strike", "cp", "bid", "ask"]
    lines = [separator.join(f'"{name}"' for name in names)]
    for k, (strike, cp) in enumerate((k, c) for k in (95, 100, 105) for c in "CP"):
        fields = [
            f'"{k + 1}"',
            '"2024-09-03"',
            "100",
            '"XYZ"',
            '"2024-12-20"',
            str(strike),
            f'"{cp}"',
            "4.0",
            "4.2",
        ]
        lines.append(separator.join(fields))
    found = read_chain(written(tmp_path, "\n".join(lines) + "\n"))
    assert len(found) == 6 and found.strike.tolist() == [95.0, 95.0, 100.0, 100.0, 105.0, 105.0]
    assert any("row names" in note for note in found.explanation.notes)


def test_calls_alone_need_rates_and_forwards(tmp_path, synthetic_text):
    calls = [line for line in synthetic_text.splitlines() if ",P," not in line]
    path = written(tmp_path, "\n".join(calls) + "\n")
    for known in ({}, {"rate": 0.04}, {"dividend_yield": 0.02}):
        with pytest.raises(AadValueError, match="--forwards, --dividend-yield"):
            load_quotes(path, **known)
    whole = load_quotes(written(tmp_path, synthetic_text))
    found = load_quotes(written(tmp_path, "\n".join(calls) + "\n"), rate=0.04, dividend_yield=0.02)
    assert found.is_call.all() and len(found) > 300
    both = {(s.label, k): v for s, k, v in _named(whole) if k > 0.0}
    common = [(v, both[s.label, k]) for s, k, v in _named(found) if (s.label, k) in both]
    assert len(common) > 300 and max(abs(a - b) for a, b in common) < 2e-3


def test_american_calls_alone_are_refused(tmp_path, synthetic_text):
    calls = [line for line in synthetic_text.splitlines() if ",P," not in line]
    with pytest.raises(AadValueError, match="early-exercise"):
        load_quotes(
            written(tmp_path, "\n".join(calls) + "\n"), rate=0.04, dividend_yield=0.02, exercise="american"
        )


def _named(quotes):
    """Yield slice, strike (negative for puts) and volatility of each quote."""
    for k in range(len(quotes)):
        sign = 1.0 if quotes.is_call[k] else -1.0
        yield quotes.slices[quotes.slice_index[k]], sign * quotes.strike[k], quotes.volatility[k]


@pytest.fixture(scope="module")
def synthetic_text():
    from importlib.resources import files

    return (files("apps.data") / "synthetic_chain.csv").read_text()
