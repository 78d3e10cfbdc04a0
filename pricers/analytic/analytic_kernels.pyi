"""Python face of analytic_kernels.pyx."""

from aadlib.types import Floats
from pricers.types import Bools

PRICE_FLOOR: float

def implied_volatility_kernel(
    price: Floats,
    forward: Floats,
    strike: Floats,
    expiry: Floats,
    discount: Floats,
    is_call: Bools,
    out: Floats,
) -> None: ...
def normal_volatility_kernel(
    price: Floats,
    forward: Floats,
    strike: Floats,
    expiry: Floats,
    discount: Floats,
    is_call: Bools,
    out: Floats,
) -> None: ...
def implied_deviation_kernel(
    price: Floats, log_moneyness: Floats, deviation: Floats, slope: Floats
) -> None: ...
def deviation_kernel(moneyness: float, price: float, complement: float) -> float: ...
def scaled_tail_kernel(z: float) -> float: ...
