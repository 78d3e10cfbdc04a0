"""Python face of american_kernels.pyx."""

from aadlib.types import Floats
from pricers.types import Bools

def premium_kernel(
    spot: Floats,
    strike: Floats,
    expiry: Floats,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    is_call: Bools,
    out: Floats,
) -> None: ...
def expiry_premiums_kernel(
    spot: Floats,
    strike: Floats,
    expiry: float,
    rate: Floats,
    dividend_yield: Floats,
    volatility: Floats,
    is_call: Bools,
    times: Floats,
    amounts: Floats,
    lengths: Floats,
    ends: Floats,
    implicit: Bools,
    out: Floats,
) -> None: ...
