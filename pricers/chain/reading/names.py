"""What the columns of a chain are called at the vendors: one table, and the comparison of names.

Names are compared with everything dropped that is no letter or digit, in lower case: ``[Open Interest]``,
``openInterest`` and ``open_interest`` are one name. Another vendor's name is one more word in `COLUMN_ALIASES`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

COLUMN_ALIASES: dict[str, tuple[str, ...]] = {
    "quote_date": (
        "quote_date", "date", "trade_date", "quotedate", "tradedate", "data_date", "as_of", "as_of_date",
        "quote_datetime", "quote_timestamp", "timestamp", "datetime", "date_time", "snapshot", "snapshot_time",
        "snapshot_date", "snapshot_datetime", "quote_readtime", "quote_unixtime", "pricing_date", "valuation_date",
        "business_date", "observation_date", "current_date", "cob_date", "caldt", "ts_event", "ts", "datum",
        "trad_dt", "biz_dt", "updated", "updated_at", "last_updated",
    ),
    "quote_time": (
        "quote_time", "time", "time_of_day", "snap_time", "time_of_quote", "quote_time_hours", "ms_of_day",
        "uhrzeit",
    ),
    "spot": (
        "spot", "spot_price", "index_price", "index_level", "index_value", "index_spot", "index_close", "spot_px",
        "underlying_price", "underlying_last", "underlying_value", "underlying_close", "underlying_spot",
        "underlying_mid", "underlying_px", "underlying_last_price", "last_underlying_price", "underlyer_price",
        "active_underlying_price", "implied_underlying_price", "price_underlying", "ul_price", "und_price",
        "und_px", "und_last", "und_close", "u_price", "stock_price", "stk_px", "stk_price", "stock_last",
        "stock_close", "stock", "stock_value", "s0", "close_underlying", "opt_undl_px", "undrlyg_pric",
        "unadjusted_stock_price", "adjusted_stock_close_price", "basiswert_kurs", "kurs_basiswert", "undl_price",
        "undl_spot", "basiswert", "underlying",
    ),
    "spot_bid": ("underlying_bid", "stock_bid", "underlying_bid_price", "index_bid", "und_bid", "stk_bid"),
    "spot_ask": ("underlying_ask", "stock_ask", "underlying_ask_price", "index_ask", "und_ask", "stk_ask"),
    "expiry": (
        "expiry", "expiration", "expiry_date", "expiration_date", "expire_date", "exdate", "maturity", "exp_date",
        "expir_date", "expirdate", "maturity_date", "exp", "expires", "expires_on", "expiration_day", "expiry_day",
        "expiry_dt", "xpry_dt", "expirations", "option_expiry", "option_expiration", "contract_expiry", "expire",
        "expiration_datetime", "expiration_timestamp", "expiry_timestamp", "expiration_time", "expire_unix",
        "last_trading_day", "last_trade_date_or_contract_month", "opt_expire_dt", "verfall", "verfallstag",
        "verfalldatum", "fälligkeit", "laufzeit_ende",
    ),
    "strike": (
        "strike", "strike_price", "strikeprice", "strk", "strike_px", "strk_prc", "strk_price", "strike_pr",
        "strk_pric", "exercise_price", "ex_price", "strike_prc", "opt_strike_px", "k", "strikes", "option_strike",
        "basispreis", "ausübungspreis",
    ),
    "cp": (
        "cp", "call_put", "option_type", "type", "right", "cp_flag", "put_call", "callput", "optiontype", "pc",
        "contract_type", "put_or_call", "call_or_put", "c_or_p", "cp_type", "pc_flag", "option_right", "option_typ",
        "optn_tp", "kind", "side", "put_call_indicator", "put_call_ind", "opt_put_call", "option_kind",
        "call_put_flag", "typ", "optionstyp", "optionsart",
    ),
    "is_call": ("is_call", "call_flag"),
    "bid": (
        "bid", "bid_price", "best_bid", "bid_px", "best_bid_price", "px_bid", "bid_close", "close_bid",
        "closing_bid", "last_bid", "nbbo_bid", "bid_quote", "option_bid", "opt_bid", "cf_bid", "bid_px_00", "geld",
        "geldkurs",
    ),
    "ask": (
        "ask", "ask_price", "best_ask", "best_offer", "offer", "ask_px", "best_ask_price", "best_offer_price",
        "px_ask", "ask_close", "close_ask", "closing_ask", "last_ask", "nbbo_ask", "ask_quote", "offer_price",
        "option_ask", "opt_ask", "cf_ask", "ask_px_00", "brief", "briefkurs",
    ),
    "mid": ("mid", "mid_price", "mid_px", "mark", "mark_price", "px_mid", "mid_quote", "mittelkurs"),
    "open_interest": (
        "open_interest", "openinterest", "open_int", "oi", "opn_int", "opnintrst", "opn_intrst", "open_ints",
        "open_interests", "offene_kontrakte",
    ),
    "root": ("root", "root_symbol", "option_root", "trading_class", "option_class", "class_symbol"),
    "underlying": (
        "underlying_symbol", "ticker", "symbol", "underlying_ticker", "underlying_name", "underlier", "act_symbol",
        "underlying_root", "und_symbol", "stock_symbol", "tckr_symb", "product", "instrument", "index",
    ),
    "option_symbol": (
        "option_symbol", "contract_symbol", "occ_symbol", "osi_symbol", "opra_symbol", "option_ticker", "contract",
        "contract_name", "instrument_name", "option_id", "osi", "occ", "identifier", "local_symbol", "contract_id",
        "option_name",
    ),
    "exercise_style": (
        "exercise_style", "exercise", "style", "option_style", "exercise_type", "ex_style", "opt_style",
    ),
}  # fmt: skip
"""Accepted names of each field, best first; what is no letter or digit does not matter."""

NUMBER_FIELDS = ("spot", "spot_bid", "spot_ask", "strike", "bid", "ask", "mid", "open_interest")
"""Fields that hold numbers."""

SIDED = ("bid", "ask", "mid", "open_interest", "option_symbol")
"""Fields that a row with both call and put has once for each."""

_SIDE_WORDS = {
    **dict.fromkeys(("calls", "call", "ce"), "call"),
    **dict.fromkeys(("puts", "put", "pe"), "put"),
}
_SIDE_LETTERS = {"c": "call", "p": "put"}
_UNITS = {
    **dict.fromkeys(
        [
            "usd",
            "eur",
            "gbp",
            "chf",
            "jpy",
            "inr",
            "hkd",
            "cad",
            "aud",
            "krw",
            "points",
            "pts",
            "indexpoints",
            "contracts",
            "lots",
        ],
        1.0,
    ),
    **dict.fromkeys(("cents", "cent", "pence", "gbx"), 1e-2),
    **dict.fromkeys(("thousandths", "x1000", "times1000", "mills"), 1e-3),
    **dict.fromkeys(("thousands", "000s", "000"), 1e3),
}
_OTHER_SNAPSHOT = "1545"
"""Ending of the columns that Cboe takes at 15:45, beside those of the end of the day."""


@dataclass(frozen=True)
class Meaning:
    """What a column's name says.

    Attributes
    ----------
    field : str
        A key of `COLUMN_ALIASES`.
    side : str
        "call" or "put" where the name says which of the two in a row it belongs to, else "".
    rank : int
        Position among the names of the field; the least is the best.
    factor : float
        What the unit in the name multiplies the numbers by.
    """

    field: str
    side: str = ""
    rank: int = 0
    factor: float = 1.0


def squash(name: str) -> str:
    """Return a name in lower case without anything but letters and digits."""
    return "".join(character for character in name.lower() if character.isalnum())


_MEANINGS = {
    squash(alias): Meaning(field, rank=rank)
    for field, aliases in COLUMN_ALIASES.items()
    for rank, alias in reversed(list(enumerate(aliases)))
}


def _plain_meaning(name: str) -> Meaning | None:
    """Return the meaning of a squashed name, or of one with an ending that says when it was taken."""
    for ending, worse in (("", 0), ("eod", 0), (_OTHER_SNAPSHOT, 1000)):
        meaning = _MEANINGS.get(name.removesuffix(ending)) if name.endswith(ending) else None
        if meaning is not None:
            return replace(meaning, rank=meaning.rank + worse)
    return None


def _sided_meaning(header: str) -> Meaning | None:
    """Return the meaning of a name that says call or put, such as cBidPx, Put Ask or CE_openInterest."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", header)]
    if len(words) > 1 and words[-1] in _SIDE_LETTERS:
        meaning = _plain_meaning("".join(words[:-1]))
        if meaning is not None and meaning.field in SIDED:
            return replace(meaning, side=_SIDE_LETTERS[words[-1]])
    name = squash(header)
    for word, side in (*_SIDE_WORDS.items(), *_SIDE_LETTERS.items()):
        rests = [name.removeprefix(word)] if name.startswith(word) else []
        if word in _SIDE_WORDS and name.endswith(word):
            rests.append(name.removesuffix(word))
        for rest in rests:
            meaning = _plain_meaning(rest)
            usable = (*SIDED, "strike", "expiry", "spot", "underlying") if word in _SIDE_WORDS else SIDED
            if meaning is not None and meaning.field in usable:
                return replace(meaning, side=side)
    return None


def _meaning_without_unit(header: str) -> Meaning | None:
    return _plain_meaning(squash(header)) or _sided_meaning(header)


def meaning_of(header: str) -> Meaning | None:
    """Return what a column's name says, None where it says nothing that is known.

    A unit may stand in brackets or at the end: ``Strike (USD)``, ``bid_cents``. One that is not known makes a column
    of numbers unknown too, rather than wrong by a factor.
    """
    text = re.sub(r"\.\d+$", "", header.strip())  # pandas numbers the columns of one name
    bracketed = re.fullmatch(r"(.*[^\W_].*?)\s*[(\[{]([^)\]}]*)[)\]}]", text)
    if bracketed:
        meaning = _meaning_without_unit(bracketed[1])
        unit = squash(bracketed[2])
        is_number = meaning is not None and meaning.field in (
            *SIDED[:4],
            "strike",
            "spot",
            "spot_bid",
            "spot_ask",
        )
        if meaning is None or not is_number:
            return meaning or _meaning_without_unit(text)
        if "%" in bracketed[2] or (unit and unit not in _UNITS):
            return None
        return replace(meaning, factor=_UNITS.get(unit, 1.0))
    meaning = _meaning_without_unit(text)
    if meaning is not None:
        return meaning
    name = squash(text)
    for unit, factor in _UNITS.items():
        if name.endswith(unit) and "%" not in text:
            meaning = _meaning_without_unit(name.removesuffix(unit).removesuffix("in"))
            if meaning is not None:
                return replace(meaning, factor=factor)
    return None
