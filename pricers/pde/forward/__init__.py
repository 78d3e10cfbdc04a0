"""The forward (Dupire) equation: every strike and expiry in one march.

`pricers.pde.forward.compiled` holds `CompiledForwardMarch`, what a calibration marches.
"""

from pricers.pde.forward.book import book_grid, price_book
from pricers.pde.forward.dupire_march import march_forward
from pricers.pde.forward.reading import READING_WIDTH, ForwardReading, read_options

__all__ = [
    "READING_WIDTH", "ForwardReading", "book_grid", "march_forward", "price_book", "read_options",
]  # fmt: skip
