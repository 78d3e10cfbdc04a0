"""Option chains: reading, cleaning, put-call parity, out-of-the-money quotes."""

from pricers.chain.american import EuropeanEquivalent, deamericanise
from pricers.chain.chain import Chain
from pricers.chain.cleaning import drop_thin, drop_unusable
from pricers.chain.exercise import Exercise, exercise_of
from pricers.chain.load import load_quotes, select_quotes
from pricers.chain.parity import ParityFit, fit_parity
from pricers.chain.quotes import Quotes, Slice
from pricers.chain.reader import read_chain
from pricers.chain.reading.explanation import ColumnUse, Explanation
from pricers.chain.reading.names import COLUMN_ALIASES
from pricers.chain.reading.options import parse_columns
from pricers.chain.settlement import is_settled_at_open, years_to_expiry

__all__ = [
    "COLUMN_ALIASES",
    "Chain",
    "ColumnUse",
    "EuropeanEquivalent",
    "Exercise",
    "Explanation",
    "ParityFit",
    "Quotes",
    "Slice",
    "deamericanise",
    "drop_thin",
    "drop_unusable",
    "exercise_of",
    "fit_parity",
    "is_settled_at_open",
    "load_quotes",
    "parse_columns",
    "read_chain",
    "select_quotes",
    "years_to_expiry",
]
