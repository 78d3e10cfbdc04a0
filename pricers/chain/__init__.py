"""Option chains: reading, cleaning, put-call parity, out-of-the-money quotes."""

from pricers.chain.american import EuropeanEquivalent, deamericanise
from pricers.chain.arbitrage import Arbitrage, ArbitrageReport, find_arbitrage, quote_name
from pricers.chain.chain import Chain
from pricers.chain.cleaning import drop_thin, drop_unusable
from pricers.chain.exercise import Exercise, exercise_of
from pricers.chain.load import load_quotes, select_quotes
from pricers.chain.market.findings import MarketWarning
from pricers.chain.market.given import GivenMarket, given_market
from pricers.chain.market.imply import ImpliedMarket, imply_market
from pricers.chain.market.limits import MarketLimits, parse_limits
from pricers.chain.parity import ParityFit, fit_parity
from pricers.chain.quotes import Quotes, Slice
from pricers.chain.reader import read_chain
from pricers.chain.reading.explanation import ColumnUse, Explanation
from pricers.chain.reading.names import COLUMN_ALIASES
from pricers.chain.reading.options import parse_columns
from pricers.chain.settlement import is_settled_at_open, years_to_expiry

__all__ = [
    "COLUMN_ALIASES",
    "Arbitrage",
    "ArbitrageReport",
    "Chain",
    "ColumnUse",
    "EuropeanEquivalent",
    "Exercise",
    "Explanation",
    "GivenMarket",
    "ImpliedMarket",
    "MarketLimits",
    "MarketWarning",
    "ParityFit",
    "Quotes",
    "Slice",
    "deamericanise",
    "drop_thin",
    "drop_unusable",
    "exercise_of",
    "find_arbitrage",
    "fit_parity",
    "given_market",
    "imply_market",
    "is_settled_at_open",
    "load_quotes",
    "quote_name",
    "parse_columns",
    "parse_limits",
    "read_chain",
    "select_quotes",
    "years_to_expiry",
]
