"""Words of a chain: calls and puts, and the style of exercise."""

from __future__ import annotations

import re

_RIGHTS = {
    **dict.fromkeys(("c", "call", "calls", "ce", "ca", "kauf", "kaufoption"), True),
    **dict.fromkeys(("p", "put", "puts", "pe", "pa", "verkauf", "verkaufsoption"), False),
}
_STYLES = {
    **dict.fromkeys(("a", "am", "amer", "american", "us", "amerikanisch"), "american"),
    **dict.fromkeys(("e", "eu", "eur", "euro", "european", "europäisch"), "european"),
    **dict.fromkeys(("", "-", "nan", "none", "null", "n/a", "?"), ""),
}


def parse_is_call(text: str) -> bool:
    """Parse ``C``, ``call``, ``CE`` or ``Call Option`` as True, ``P``, ``put`` or ``PE`` as False, in any case."""
    word = text.strip().lower()
    if word in _RIGHTS:
        return _RIGHTS[word]
    within = set(re.findall(r"(?<![a-z])(call|put)s?(?![a-z])", word))
    if len(within) == 1:
        return within == {"call"}
    raise ValueError(f"{text!r} is neither a call nor a put: write C or P, call or put")


def parse_is_call_flag(text: str) -> bool:
    """Parse the answer to "is it a call": true and false, 1 and 0, yes and no."""
    word = text.strip().lower()
    if word in ("true", "1", "yes", "y", "t", "1.0"):
        return True
    if word in ("false", "0", "no", "n", "f", "0.0"):
        return False
    return parse_is_call(text)


def parse_style(text: str) -> str:
    """Parse ``A`` or ``American``, ``E`` or ``European``; the empty field is ""."""
    word = text.strip().lower()
    if word in _STYLES:
        return _STYLES[word]
    within = set(re.findall(r"american|european", word))
    if len(within) == 1:
        return within.pop()
    raise ValueError(f"{text!r} is no style of exercise: write A or E, American or European")


def style_of_right(text: str) -> str:
    """Return the style that a right's word carries: CE and PE are European in India, CA and PA American."""
    return {"ce": "european", "pe": "european", "ca": "american", "pa": "american"}.get(
        text.strip().lower(), ""
    )
