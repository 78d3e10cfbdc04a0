"""Facts that stand above the header: ``Last: 4400.0``, ``Date: September 3, 2024 at 4:15 PM EDT``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pricers.chain.reading.dates import parse_moment
from pricers.chain.reading.names import meaning_of, squash
from pricers.chain.reading.numbers import parse_number

_OTHER_NAMES = {"last": "spot", "lastprice": "spot", "asofdate": "quote_date"}
"""Names that mean something above the header only: below it, "last" is the option's last trade."""


def _is_readable(field: str, text: str) -> bool:
    try:
        if field == "spot":
            return parse_number(text) > 0.0
        parse_moment(text)
    except ValueError:
        return False
    return True


def facts_above(preamble: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return spot, quote date and expiry as texts, where the lines above the header give them by name.

    A fact is ``name: value`` or ``name = value`` in one field, or name and value in two neighbouring ones.
    """
    facts: dict[str, str] = {}
    for fields in preamble:
        for k, text in enumerate(fields):
            name, sign, value = (
                part.strip() for part in ([*re.split(r"\s*([:=])\s*", text, maxsplit=1), "", ""])[:3]
            )
            following = [text.strip() for text in fields[k + 1 : k + 3]]
            meaning = meaning_of(name)
            field = _OTHER_NAMES.get(squash(name)) or (meaning.field if meaning else "")
            if field not in ("spot", "quote_date", "expiry") or field in facts:
                continue
            parts = [value, *following] if sign and value else following
            # A number or a date in words may hold the comma that splits the fields: the longest reading is the one.
            joint = ", " if field != "spot" else ","
            readings = [joint.join(parts[:n]) for n in range(len(parts), 0, -1)]
            readable = next((text for text in readings if text and _is_readable(field, text)), None)
            if readable is not None:
                facts[field] = readable
    return facts
