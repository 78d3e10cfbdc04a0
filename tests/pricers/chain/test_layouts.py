"""Layouts, delimiters, encodings, lines around the quotes, and vendors' names: the invented market in each."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.chain import load_quotes, read_chain

from .invented import (
    HEADER,
    OPTIONS,
    PAIRS,
    QUOTE_DATE,
    assert_right,
    date_as,
    occ_symbol,
    plain,
    table,
    with_comma,
)


def read(tmp_path, content, **options):
    path = tmp_path / "chain.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_quotes(path, **options)


def wide(header, row):
    """Return a file with call and put in a row; `row` is a format of call c, put p, strike k, expiry e and more."""
    rows = []
    for c, p in PAIRS:
        date = datetime.date.fromisoformat(c["expiry"])
        closing = datetime.datetime(date.year, date.month, date.day, 20, tzinfo=datetime.timezone.utc)
        forward = 4400.0 * np.exp(0.03 * (date - QUOTE_DATE).days / 365.0)
        rows.append(
            row.format(c=c, p=p, e=c["expiry"], k=c["strike"], epoch=closing.timestamp(), forward=forward)
        )
    return "\n".join([header, *rows]) + "\n"


def long(header, row, **others):
    """Return a file with an option in each row; `row` is a format of the option o and of functions of it."""
    rows = [row.format(o=o, **{name: f(o) for name, f in others.items()}) for o in OPTIONS]
    return "\n".join([header, *rows]) + "\n"


LAYOUTS = {
    "optionsdx": wide(
        "[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], [EXPIRE_DATE], "
        "[EXPIRE_UNIX], [DTE], [C_DELTA], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_IV]",
        "1725393600, 2024-09-03 16:00, 2024-09-03, 16.0, 4400.0, {e}, "
        "{epoch:.0f}, 31, 0.5, {c[bid]}, {c[ask]}, {k}, {p[bid]}, {p[ask]}, 0.2",
    ),
    "orats": wide(
        "ticker,tradeDate,expirDate,dte,strike,stockPrice,callOpenInterest,callBidSize,putOpenInterest,callBidPrice,"
        "callValue,callAskPrice,putBidPrice,putValue,putAskPrice,spotPrice,quoteDate",
        "SPX,2024-09-03,{e},31,{k},{forward},500,1,500,{c[bid]},"
        "1,{c[ask]},{p[bid]},1,{p[ask]},4400.0,2024-09-03T19:59:00Z",
    ),
    "nse flattened": wide(
        "expiryDate,strikePrice,CE.bidprice,CE.askPrice,CE.openInterest,CE.underlyingValue,PE.bidprice,PE.askPrice,"
        "PE.openInterest,PE.underlyingValue,timestamp",
        "{e},{k},{c[bid]},{c[ask]},500,4400,{p[bid]},{p[ask]},500,4400,03-Sep-2024 15:30:00",
    ),
    "put before call, suffixes": wide(
        "Date,Spot,Maturity,bid_p,ask_p,bid_c,ask_c,K",
        "2024-09-03,4400,{e},{p[bid]},{p[ask]},{c[bid]},{c[ask]},{k}",
    ),
    "cboe datashop, two times of day": long(
        "underlying_symbol,quote_date,root,expiration,strike,option_type,bid_1545,ask_1545,underlying_bid_1545,"
        "underlying_ask_1545,bid_eod,ask_eod,underlying_bid_eod,underlying_ask_eod,active_underlying_price_1545",
        "^SPX,2024-09-03,SPXW,{o[expiry]},{o[strike]},{o[cp]},9,9.5,4300,"
        "4300,{o[bid]},{o[ask]},4399.9,4400.1,4301",
    ),
    "german broker": long(
        "Datum;Basiswert;Verfall;Basispreis;Typ;Geld;Brief;Open Interest",
        "03.09.2024;4.400,00;{date};{strike};{word};{bid} €;{ask} €;1.500",
        date=date_as("%d.%m.%Y"),
        strike=lambda o: f"{int(o['strike']):,}".replace(",", "."),
        word=lambda o: {"C": "Call", "P": "Put"}[o["cp"]],
        bid=with_comma("bid"),
        ask=with_comma("ask"),
    ),
    "nse bhavcopy": long(
        "TIMESTAMP,UNDERLYING_VALUE,INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,BID,ASK,OPEN_INT",
        "03-SEP-2024,4400,OPTIDX,NIFTY,{date},{o[strike]},{o[cp]}E,{o[bid]},{o[ask]},500",
        date=lambda o: date_as("%d-%b-%Y")(o).upper(),
    ),
    "camel case": plain().replace(
        ",".join(HEADER), "quoteDate,undPrice,expirationDate,strikePrice,putCall,bidPrice,askPrice,openInt"
    ),
    "units": plain().replace(
        ",".join(HEADER),
        "Quote Date,Spot (USD),Expiration (yyyy-mm-dd),Strike ($),C/P,Bid [USD],Ask USD,OI (contracts)",
    ),
    "cents": long(
        "date,spot,expiry,strike,cp,bid (cents),ask_cents",
        "{o[quote_date]},4400,{o[expiry]},{o[strike]},{o[cp]},{bid:.0f},{ask:.0f}",
        bid=lambda o: 100 * float(o["bid"]),
        ask=lambda o: 100 * float(o["ask"]),
    ),
    "is call": plain(cp=lambda o: str(o["cp"] == "C")).replace(",cp,", ",isCall,"),
    "words": plain(cp=lambda o: {"C": "European Call", "P": "European Put"}[o["cp"]]),
    "swiss": plain(spot="4'400.00", strike=lambda o: f"{int(o['strike']):,}".replace(",", "'")),
    "three decimals": plain(
        strike=lambda o: o["strike"] + ".000", bid=lambda o: o["bid"] + "0", ask=lambda o: o["ask"] + "0"
    ),
    "each column proves its own": plain(
        delimiter=";", strike=lambda o: o["strike"] + ".00", bid=with_comma("bid"), ask=with_comma("ask")
    ),
    "thousandths": plain(strike=lambda o: o["strike"] + "000"),
    "spot in half of the rows": plain(spot=lambda o: "4400" if o["cp"] == "C" else ""),
    "a column twice": plain(Bid=lambda o: o["bid"]),
    "quoted newline": plain(note='"a\nb, c"'),
    "pipes": plain(delimiter="|"),
    "semicolons": plain(delimiter=";"),
    "spaces": plain(delimiter="   "),
    "utf-16 big endian": plain().encode("utf-16-be"),
    "utf-16 without a mark": plain().encode("utf-16-le"),
    "utf-16 with tabs": plain(delimiter="\t").encode("utf-16"),
    "utf-32": plain().encode("utf-32"),
    "latin-1 footer": (plain() + "© 2024 Börse\n").encode("latin-1"),
    "header in a comment": "# " + plain(),
    "header again": plain() + ",".join(HEADER) + "\n",
    "blank lines": plain().replace("\n", "\n\n") + ",,,,,,,\n",
    "footers": plain(below="\nSource: Exchange, delayed, 15 minutes\n(c) 2024 Vendor Inc.\nTotal rows,198\n"),
    "sep line": "sep=;\n" + plain(delimiter=";"),
    "facts above": table(
        [list(o.values())[2:] for o in OPTIONS],
        HEADER[2:],
        above="Underlying Price: 4,400.00\nQuote date: 3 Sep 2024\n\n",
    ),
    "facts above, in pairs": table(
        [[*list(o.values())[3:]] for o in OPTIONS if o["expiry"] == "2024-10-04"],
        HEADER[3:],
        above="Spot,4400\nDate,2024-09-03\nExpiration,04 Oct 2024\n",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(tmp_path, name):
    assert_right(read(tmp_path, LAYOUTS[name]))


SYMBOLS = {
    "clearing house": occ_symbol,
    "padded": lambda o: occ_symbol(o, "SPXW  "),
    "polygon": lambda o: "O:" + occ_symbol(o),
    "thinkorswim": lambda o: f".SPXW{date_as('%y%m%d')(o)}{o['cp']}{o['strike']}",
    "american date": lambda o: f"SPXW_{date_as('%m%d%y')(o)}{o['cp']}{o['strike']}",
    "optionmetrics": lambda o: f"SPXW {date_as('%y%m%d')(o)}{o['cp']}{o['strike']}000",
    "words": lambda o: f"SPXW {o['expiry']} {o['strike']} {o['cp']}",
    "bloomberg": lambda o: f"SPXW US {date_as('%m/%d/%y')(o)} {o['cp']}{o['strike']} Index",
    "deribit": lambda o: f"SPXW-{date_as('%d%b%y')(o).upper()}-{o['strike']}-{o['cp']}",
    "okx": lambda o: f"SPXW-USD-{date_as('%y%m%d')(o)}-{o['strike']}-{o['cp']}",
}


@pytest.mark.parametrize("form", SYMBOLS)
def test_a_symbol_says_everything_wherever_it_stands(tmp_path, form):
    rows = [["2024-09-03", "4400", o["bid"], SYMBOLS[form](o), o["ask"]] for o in OPTIONS]
    quotes = read(tmp_path, table(rows, ["as of", "underlying", "bid", "whatever", "ask"]))
    assert_right(quotes)
    assert {piece.root for piece in quotes.slices} == {"SPXW"}
    use = next(column for column in quotes.explanation.columns if column.header == "whatever")
    assert (use.field, use.because) == ("option_symbol", "by content")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"strike": lambda o: str(int(o["strike"]) + 50)},
            r"line 2: .*SPXW241004C03600000.* says strike 3600.0, column strike says '3650",
        ),
        ({"cp": "C"}, r"line 3: .*says it is a put, column cp says 'C'"),
        ({"expiry": "2024-10-18"}, r"line 2: .*says expiry 2024-10-04, column expiry says '2024-10-18'"),
        ({"root": "NDX"}, r"line 2: .*says root SPXW, column root says 'NDX'"),
    ],
)  # fmt: skip
def test_a_symbol_that_contradicts_a_column_is_refused(tmp_path, change, message):
    content = plain(symbol=occ_symbol, **change)
    with pytest.raises(AadValueError, match=message):
        read(tmp_path, content)


def test_an_unread_symbol_contradicts_nothing(tmp_path):
    content = plain(symbol=lambda o: occ_symbol({**o, "strike": "1000"}))
    assert_right(read(tmp_path, content, columns={"option_symbol": None}))


def test_the_symbol_s_root_is_finer_than_the_underlying_s_name(tmp_path):
    quotes = read(tmp_path, plain(symbol=occ_symbol, root="SPX"))
    assert {piece.root for piece in quotes.slices} == {"SPXW"}


@pytest.mark.parametrize("before", ["", "CALLS,,,,,PUTS\n"])
def test_same_names_on_both_sides_of_the_strike(tmp_path, before):
    rows = [
        [
            "",
            "500",
            "0.2",
            c["bid"],
            c["ask"],
            f'"{int(c["strike"]):,}.00"',
            p["bid"],
            p["ask"],
            "0.2",
            "500",
            "",
        ]
        for c, p in PAIRS
        if c["expiry"] == "2024-10-04"
    ]
    header = ["", "OI", "IV", "BID", "ASK", "STRIKE", "BID", "ASK", "IV", "OI", ""]
    content = table(rows, header, above=before)
    with pytest.raises(AadValueError, match=r"quote_date.*spot.*expiry"):
        read(tmp_path, content)
    assert_right(read(tmp_path, content, spot=4400, quote_date="2024-09-03", expiry="2024-10-04"))


def test_columns_named_by_the_user(tmp_path):
    header = ["A b", "Index Spot, last", "c", "d", "e", "Best Bid", "g", "h"]
    content = table(
        [list(o.values()) for o in OPTIONS], ['"Index Spot, last"' if "," in h else h for h in header]
    )
    with pytest.raises(AadValueError, match="missing columns"):
        read(tmp_path, content)
    columns = dict(zip(HEADER, header, strict=True))
    assert_right(read(tmp_path, content, columns=columns))
    with pytest.raises(
        AadValueError, match="spot = 'nothing', but there is no such column; the columns are 'A b'"
    ):
        read(tmp_path, content, columns={**columns, "spot": "nothing"})


def test_explanation_says_what_each_column_was_taken_for(tmp_path):
    explanation = read(tmp_path, LAYOUTS["orats"]).explanation
    uses = {column.header: column.field for column in explanation.columns}
    assert uses["callBidPrice"] == "call bid" and uses["putOpenInterest"] == "put open_interest"
    assert uses["spotPrice"] == "spot" and uses["stockPrice"] == "" and uses["dte"] == ""
    lines = explanation.lines()
    assert "call and put in one row" in lines[0]
    assert any(line.split()[:1] == ["spotPrice"] and "by its name" in line for line in lines)


def test_open_interest_of_one_row_layouts_belongs_to_each_side(tmp_path):
    path = tmp_path / "chain.csv"
    header = "date,spot,expiry,strike,cBid,cAsk,pBid,pAsk,cOi,pOi"
    path.write_text(wide(header, "2024-09-03,4400,{e},{k},{c[bid]},{c[ask]},{p[bid]},{p[ask]},7,9"))
    chain = read_chain(path)
    assert set(chain.open_interest[chain.is_call]) == {7.0}
    assert set(chain.open_interest[~chain.is_call]) == {9.0}
