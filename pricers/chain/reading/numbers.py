"""Numbers as vendors and spreadsheets write them, and the proof of what a comma means."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from aadlib.errors import AadValueError
from pricers.chain.reading.table import Column

NULL_WORDS = frozenset(
    (
        *(
            "-",
            "--",
            "---",
            "–",
            "—",
            ".",
            "*",
            "?",
            "na",
            "n/a",
            "#n/a",
            "#na",
            "n.a.",
            "n.a",
            "#n/d",
            "n.d.",
            "nd",
        ),
        *("k.a.", "nan", "null", "(null)", "none", "nil", "<na>", "nat", "\\n", "missing", "empty", "unch"),
        *("#value!", "#ref!", "#div/0!", "#num!", "#name?", "#null!"),
    )
)
"""Words for a missing number, in lower case; the empty field is one too."""

_CURRENCY = re.compile(
    r"(?:\b(?:[ACS]|HK|US))?\$|[€£¥₹₩]|\b(?:usd|eur|gbp|chf|jpy|inr|hkd|cad|aud|krw|sek|nok|dkk|rs)\b\.?",
    re.IGNORECASE,
)
_MULTIPLES = {"k": 1e3, "m": 1e6}
_GROUPED = {
    decimal: re.compile(
        # Groups of three, or of two with a last one of three (Indian); the separator is the same throughout.
        rf"[+-]?(?:\d+|[1-9]\d{{0,2}}(?P<three>[{group}'’ ])\d{{3}}(?:(?P=three)\d{{3}})*"
        rf"|[1-9]\d?(?P<two>{group})\d{{2}}(?:(?P=two)\d{{2}})*(?P=two)\d{{3}}|(?=[{decimal}]\d))"
        rf"(?:[{decimal}]\d*)?(?:[eE][+-]?\d+)?"
    )
    for decimal, group in ((".", ","), (",", "."))
}
_PRICES = ("bid", "ask", "mid", "spot_bid", "spot_ask")


def _core(text: str) -> str:
    """Return the number's own characters: no currency, no odd spaces, brackets as a minus; empty if missing."""
    core = text.strip().replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ").replace("−", "-")
    if core.lower() in NULL_WORDS:
        return ""
    core = _CURRENCY.sub("", core).strip()
    if core.startswith("(") and core.endswith(")"):
        core = "-" + core[1:-1].strip()
    if core.lower() in NULL_WORDS:
        return ""
    return re.sub(r"^([+-])\s+", r"\1", core)


def parse_number(text: str, *, decimal: str = ".") -> float:
    """Parse a number that may be missing (NaN), grouped, or have a currency sign.

    Parameters
    ----------
    text : str
    decimal : "." or ","
        The decimal sign; the other one may group digits, and so may an apostrophe or a space.

    Raises
    ------
    ValueError
        If the text is no number; the message shows it.
    """
    core = _core(text)
    if not core:
        return math.nan
    multiple = _MULTIPLES.get(core[-1].lower(), 1.0)
    digits = core if multiple == 1.0 else core[:-1].rstrip()
    if _GROUPED[decimal].fullmatch(digits):
        group = "," if decimal == "." else "."
        bare = re.sub(rf"[{group}'’ ]", "", digits).replace(decimal, ".")
        return float(bare) * multiple
    if core.lower().lstrip("+-") in ("inf", "infinity"):
        return float(core)
    hint = "; a percentage is no price" if core.endswith("%") else ""
    raise ValueError(f"{text!r} is not a number{hint}: write 1234{decimal}5 or leave the field empty")


def plain_number(text: str) -> float:
    """Parse a number that Python reads or that is missing; raises ValueError at one that needs interpretation."""
    try:
        return float(text)
    except ValueError:
        if _core(text):
            raise
        return math.nan


def parse_numbers(texts: Sequence[str], decimal: str) -> list[float]:
    """Parse distinct texts; Python's own parser takes what it can, which is nearly all."""
    if decimal == ".":
        try:
            return list(map(float, texts))
        except ValueError:
            pass
    return [parse_number(text, decimal=decimal) for text in texts]


def decimal_proved_by(text: str) -> str:
    """Return the decimal sign that one number proves: "." or ",", "either", or "" where it has no sign at all.

    One comma with three digits behind and one to three before could be either. A dot in that place proves nothing
    either but is taken for a decimal point where no comma says otherwise: hence "".
    """
    core = _core(text).rstrip("kKmM ")
    commas, dots = core.count(","), core.count(".")
    if commas and dots:
        return "," if core.rfind(",") > core.rfind(".") else "."
    if commas + dots > 1:
        return "." if commas else ","  # a sign that stands twice groups digits
    if commas + dots == 0:
        return ""
    head, _, tail = core.partition("," if commas else ".")
    head = head.lstrip("+-")
    if re.search(r"['’ ]", head):
        return "," if commas else "."  # another sign groups already
    could_group = len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0")
    if could_group:
        return "either" if commas else ""
    return "," if commas else "."


class _Proof:
    """What the numbers of some columns prove, with the first number that proves it."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.examples: dict[str, tuple[str, str]] = {}
        for name, column in columns.items():
            for text in column.texts:
                self.examples.setdefault(decimal_proved_by(text), (name, text))
                if len(self.examples) == 4:
                    break

    def signs(self) -> list[str]:
        return [sign for sign in (".", ",") if sign in self.examples]


def prove_decimals(columns: Mapping[str, Column], *, decimal: str | None, source: str) -> dict[str, str]:
    """Return the decimal sign of each column of numbers.

    A column's own numbers prove it, then (for prices) those of the other prices, then those of the whole table; a
    point is the default where no comma stands anywhere.

    Raises
    ------
    AadValueError
        If numbers of one column contradict each other, or if a comma could be either; names the column, two numbers
        and the option that settles it.
    """
    if decimal is not None:
        return dict.fromkeys(columns, decimal)
    texts = [text for column in columns.values() for text in column.texts]
    if not any("," in text or text.count(".") > 1 for text in texts):
        return dict.fromkeys(columns, ".")
    prices = {name: column for name, column in columns.items() if name in _PRICES}
    whole, of_prices = _Proof(columns), _Proof(prices)
    decimals = {}
    for name, column in columns.items():
        own = _Proof({name: column})
        proofs = [own, of_prices] if name in _PRICES else [own, of_prices, whole]
        decisive = next((proof for proof in proofs if proof.signs()), None)
        if decisive is not None and len(decisive.signs()) == 2:
            _raise_ambiguous(source, decisive)
        if decisive is None and "either" in own.examples:
            _raise_ambiguous(source, own)
        signs = decisive.signs() if decisive is not None else whole.signs()
        decimals[name] = signs[0] if len(signs) == 1 else "."
    return decimals


def _raise_ambiguous(source: str, proof: _Proof) -> None:
    if len(proof.signs()) == 2:
        (point_name, point), (comma_name, comma) = proof.examples["."], proof.examples[","]
        raise AadValueError(
            f"{source}: {point!r} in column {point_name} has a decimal point and {comma!r} in column {comma_name} a "
            "decimal comma; correct the numbers, or say which with decimal='.' or decimal=',' (--decimal)"
        )
    name, text = proof.examples["either"]
    raise AadValueError(
        f"{source}: column {name} has numbers such as {text!r}, where the comma may be a decimal comma or group "
        "digits, and no number proves which; say it with decimal=',' or decimal='.' (--decimal)"
    )
