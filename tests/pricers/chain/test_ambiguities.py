"""What can be read in two ways is refused: the message names the column, the values and the option that settles it."""

from __future__ import annotations

import datetime

import pytest

from aadlib.errors import AadValueError
from pricers.chain import load_quotes, parse_columns, read_chain

from .invented import OPTIONS, assert_right, date_as, plain, with_comma


def read(tmp_path, content, **options):
    path = tmp_path / "chain.csv"
    path.write_text(content, encoding="utf-8")
    return load_quotes(path, **options)


ONE_EXPIRY = [o for o in OPTIONS if o["expiry"] == "2024-10-04"]


def one_expiry(**changes):
    """Return the plain layout of the first expiry only."""
    lines = plain(**changes).splitlines(keepends=True)
    return "".join(lines[: len(ONE_EXPIRY) + 1])


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y"])
def test_days_and_months_below_thirteen(tmp_path, form):
    content = one_expiry(quote_date=date_as(form, "quote_date"), expiry=date_as(form))
    with pytest.raises(AadValueError, match=r"column quote_date: '03.09.*' is .*2024-0.*--dates"):
        read(tmp_path, content)
    assert_right(read(tmp_path, content, dates="day-first"))


@pytest.mark.parametrize(
    "form", ["%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%y/%m/%d"]
)
def test_a_day_above_twelve_proves_the_order(tmp_path, form):
    quotes = read(tmp_path, plain(quote_date=date_as(form, "quote_date"), expiry=date_as(form)))
    assert_right(quotes)
    assert any("-first" in note for note in quotes.explanation.notes)


def test_each_separator_is_proved_on_its_own(tmp_path):
    content = plain(quote_date="9/3/2024", expiry=date_as("%d.%m.%Y"))
    with pytest.raises(AadValueError, match=r"column quote_date: '9/3/2024'"):
        read(tmp_path, content)


def test_dates_that_fit_no_order(tmp_path):
    content = plain(quote_date="13/09/2024", expiry="09/13/2024")
    with pytest.raises(AadValueError, match="fit no one order"):
        read(tmp_path, content)


def test_three_digits_behind_every_comma(tmp_path):
    # A price below one would prove it: these have none.
    content = plain(
        delimiter="\t",
        spot="4400",
        bid=lambda o: f"{float(o['bid']) + 1:.3f}".replace(".", ","),
        ask=lambda o: f"{float(o['ask']) + 1:.3f}".replace(".", ","),
    )
    with pytest.raises(AadValueError, match=r"column bid has numbers such as '\d+,\d{3}'.*--decimal"):
        read(tmp_path, content)
    path = tmp_path / "chain.csv"
    assert read_chain(path, decimal=",").bid[0] == pytest.approx(float(OPTIONS[0]["bid"]) + 1)


def test_prices_do_not_take_their_proof_from_strikes(tmp_path):
    content = plain(
        delimiter=";",
        strike=lambda o: o["strike"] + ".00",
        bid=lambda o: f"{float(o['bid']) + 1:.3f}".replace(".", ","),
        ask=lambda o: f"{float(o['ask']) + 1:.3f}".replace(".", ","),
    )
    with pytest.raises(AadValueError, match="--decimal"):
        read(tmp_path, content)


def test_both_signs_in_one_column(tmp_path):
    content = plain(delimiter=";", bid=lambda o: o["bid"] if o["cp"] == "C" else with_comma("bid")(o))
    with pytest.raises(AadValueError, match=r"decimal point.* decimal comma.*--decimal"):
        read(tmp_path, content)


def test_snapshots(tmp_path):
    morning, evening = (plain(quote_time=time).splitlines(keepends=True) for time in ("09:45", "15:45"))
    content = "".join([*morning, *evening[1:]])
    with pytest.raises(
        AadValueError, match=r"has 2 values \(2024-09-03 09:45:00, 2024-09-03 15:45:00\).*--at"
    ):
        read(tmp_path, content)
    for at in (
        "15:45",
        "15:45:00",
        "2024-09-03 15:45",
        "2024-09-03T15:45:00",
        datetime.datetime(2024, 9, 3, 15, 45),
    ):
        quotes = read(tmp_path, content, at=at)
        assert_right(quotes)
        assert quotes.dropped[f"another snapshot than {at}"] == len(OPTIONS)
    assert_right(read(tmp_path, content, at="9:45"))
    with pytest.raises(AadValueError, match=r"at = '16:00': .* no such snapshot; it has 2024-09-03 09:45:00"):
        read(tmp_path, content, at="16:00")


@pytest.mark.parametrize(
    ("morning", "evening"),
    [
        ("9:45", "15:45"),
        ("9.75", "15.75"),
        ("35100000", "56700000"),
        ("2024-09-03 09:45:00", "2024-09-03 15:45:00"),
    ],
)
def test_times_of_day_in_other_forms(tmp_path, morning, evening):
    parts = [plain(quote_time=time).splitlines(keepends=True) for time in (morning, evening)]
    content = "".join([*parts[0], *parts[1][1:]])
    with pytest.raises(AadValueError, match=r"09:45:00, 2024-09-03 15:45:00"):
        read(tmp_path, content)
    assert_right(read(tmp_path, content, at="15:45"))
    assert_right(read(tmp_path, "".join(parts[0])))


def test_a_time_that_is_none_is_refused(tmp_path):
    with pytest.raises(AadValueError, match=r"line 2, column quote_time: 'noon' is no time of day"):
        read(tmp_path, plain(quote_time="noon"))
    assert_right(read(tmp_path, plain(quote_time="noon"), columns={"quote_time": None}))


def test_a_time_with_a_date_stands_for_both(tmp_path):
    content = plain(quote_date="2024-09-03 19:45:00+00:00").replace("quote_date", "time", 1)
    assert_right(read(tmp_path, content))


def test_days(tmp_path):
    days = [
        plain(quote_date=day).splitlines(keepends=True) for day in ("2024-09-03", "2024-09-04", "2024-09-05")
    ]
    content = "".join([*days[0], *days[1][1:], *days[2][1:]])
    with pytest.raises(AadValueError, match="3 values"):
        read(tmp_path, content)
    assert_right(read(tmp_path, content, at=datetime.date(2024, 9, 3)))


def test_seconds_of_one_snapshot_are_one(tmp_path):
    seconds = iter(range(10_000))
    quotes = read(tmp_path, plain(quote_date=lambda o: f"2024-09-03 15:59:{next(seconds) % 60:02d}"))
    assert_right(quotes)
    assert any("taken as one snapshot" in note for note in quotes.explanation.notes)


def test_underlyings(tmp_path):
    ours, theirs = (
        plain(**change).splitlines(keepends=True)
        for change in ({"symbol": "SPX"}, {"spot": "100", "symbol": "NDX"})
    )
    content = "".join([*ours, *theirs[1:]])
    with pytest.raises(AadValueError, match=r"several underlyings: NDX, SPX; .*--underlying NDX"):
        read(tmp_path, content)
    for name in ("SPX", "^spx", "$SPX.X"):
        quotes = read(tmp_path, content, underlying=name)
        assert_right(quotes)
        assert quotes.dropped[f"another underlying than {name}"] == len(OPTIONS)
    with pytest.raises(AadValueError, match=r"underlying = 'DAX': .* has NDX, SPX"):
        read(tmp_path, content, underlying="DAX")


def test_weekly_roots_and_adjusted_contracts_are_of_one_underlying(tmp_path):
    assert_right(read(tmp_path, plain(root=lambda o: "SPXW" if o["expiry"] == "2024-10-04" else "SPX")))
    path = tmp_path / "chain.csv"
    assert read_chain(path).roots == ("SPXW", "SPX")
    path.write_text(plain(root=lambda o: "ABC1" if o["strike"] == "4400" else "ABC"))
    assert read_chain(path).roots == ("ABC", "ABC1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (plain(Bid=lambda o: o["ask"]), r"columns 6 and 9 are both named 'bid' and differ"),
        (plain(spot=lambda o: "4400" if o["cp"] == "C" else "4410"), r"column spot has 2 values .*--spot"),
        (plain(spot="0"), r"spot = 0.0: must be .*--spot"),
        (plain(spot="200"), r"the median strike 4400 and the spot 200 do not belong together"),
        (plain(cp=lambda o: "P" if o["cp"] == "C" else "C"), "calls and puts are exchanged"),
        (plain(bid=lambda o: str(100 * float(o["bid"])), ask=lambda o: str(100 * float(o["ask"]))), "falls by 99"),
        (plain(bid=lambda o: o["bid"] + "%"), "a percentage is no price"),
        (plain().replace("bid,ask", "bid (% of spot),ask (% of spot)", 1), "missing columns: bid"),
        (plain(style=lambda o: "A" if o["cp"] == "C" else "E"), "American and European options"),
        (plain(quote_date="45538"), "a spreadsheet.s number of a day"),
        (plain(expiry="Oct 2024"), "is not a date"),
        (plain(bid=with_comma("bid"), ask=with_comma("ask")), "line 2: 10 fields where the header has 8.* in quotes"),
        ("".join(plain().splitlines(keepends=True)[1:]), "missing columns"),
        (plain() + "2024-0", "truncated"),
        (plain(quote_date="2024-09-04T02:15:00+02:00"), r"2024-09-03 20:15, another date; .*--zone"),
        ('[{"strike": 5}]', "JSON"),
        ("<table><tr><td>strike</td></tr></table>", "HTML"),
        (plain().replace(",bid,ask,", ",price,size,"), r"if 'price' is a mid price"),
    ],
)  # fmt: skip
def test_refused(tmp_path, content, message):
    with pytest.raises(AadValueError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "text",
    [
        "2024-09-03T20:15:00-04:00",  # a quarter past eight in New York is not the next day
        "2024-09-03 20:15 EDT",
        "2024-09-04T00:15:00Z",
        "2024-09-04 00:15:00+00:00",
        "1725408900",
        "1725408900000",
        "2024-09-03T00:00:00Z",
        "September 3, 2024 at 8:15 PM EDT",
    ],
)
def test_evenings_in_new_york(tmp_path, text):
    assert_right(read(tmp_path, plain(quote_date=f'"{text}"')))


def test_another_exchange_s_zone(tmp_path):
    content = plain(quote_date="2024-09-02T23:30:00Z")
    assert_right(read(tmp_path, content, zone="Asia/Tokyo"))


def test_a_moved_date_is_said(tmp_path):
    notes = read(tmp_path, plain(quote_date="2024-09-04T00:15:00Z")).explanation.notes
    assert any("is 2024-09-03 20:15:00 at the exchange" in note for note in notes)


def test_options_fill_and_override(tmp_path):
    quotes = read(tmp_path, plain(spot="4300", quote_date="2024-09-02"), spot=4400, quote_date="2024-09-03")
    assert_right(quotes)
    assert any("spot 4400 as asked for; the file says 4300" in note for note in quotes.explanation.notes)
    assert any("the file says 2024-09-02" in note for note in quotes.explanation.notes)


@pytest.mark.parametrize(
    "options",
    [
        {"spot": -1.0},
        {"spot": float("nan")},
        {"quote_date": "yesterday"},
        {"quote_date": "03/09/2024"},
        {"decimal": ";"},
        {"dates": "American"},
        {"zone": "Mars"},
        {"columns": {"price of tea": "bid"}},
    ],
)
def test_bad_options(tmp_path, options):
    with pytest.raises(AadValueError, match=next(iter(options))):
        read(tmp_path, plain(), **options)


def test_parse_columns():
    assert parse_columns("spot=Index Spot, bid = Best Bid") == {"spot": "Index Spot", "bid": "Best Bid"}
    assert parse_columns("spot=Last, adjusted,root=") == {"spot": "Last, adjusted", "root": None}
    assert parse_columns("call_bid=CB") == {"call_bid": "CB"}
    for text, message in (("Index Spot", "field=Column"), ("tea=Index", "there is no field 'tea'")):
        with pytest.raises(AadValueError, match=message):
            parse_columns(text)
