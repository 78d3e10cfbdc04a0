"""The table of elementary operations, and what is derived from it."""

from aadlib.rules.table import CODES, HELPERS, KNOWN_NAMES, RULES, Rule

__all__ = ["CODES", "HELPERS", "KNOWN_NAMES", "RULES", "Rule"]
