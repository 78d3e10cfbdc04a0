"""Text from files, made safe to show: on a terminal, on a page and in a spreadsheet."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that steer a terminal or turn a line around instead of being shown."""


def printable(text: str, keep: str = "") -> str:
    """Return text with control characters written out, ESC as ``\\x1b``, but for those to keep."""
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _HIDDEN and character not in keep
        else character
        for character in text
    )


def inert(text: str) -> str:
    """Return text that no spreadsheet runs as a formula: an apostrophe before ``=``, ``+``, ``-`` and ``@``."""
    shown = printable(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
