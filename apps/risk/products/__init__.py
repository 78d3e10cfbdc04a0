"""The products of a book, one file each: the columns that a product has, and what it is on a market."""

from apps.risk.products.american import American
from apps.risk.products.asian import Asian
from apps.risk.products.barrier import Barrier
from apps.risk.products.contract import Contract
from apps.risk.products.digital import Digital
from apps.risk.products.vanilla import VANILLA, Vanilla

PRODUCTS: dict[str, type[Contract]] = {
    product.NAME: product for product in (Vanilla, American, Barrier, Digital, Asian)
}
"""What the column `product` may say; empty is the first."""

COLUMNS = tuple(dict.fromkeys(name for product in PRODUCTS.values() for name in product.COLUMNS))
"""Columns that products have beside those of every position."""

__all__ = [
    "COLUMNS", "PRODUCTS", "VANILLA", "American", "Asian", "Barrier", "Contract", "Digital", "Vanilla",
]  # fmt: skip
