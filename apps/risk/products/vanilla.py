"""European calls and puts: all of a book by one forward march."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.risk.products.contract import Contract, OptionTerms
from apps.risk.products.fields import Fields


@dataclass(frozen=True)
class Vanilla(Contract):
    """A European option."""

    NAME: ClassVar[str] = "vanilla"

    @classmethod
    def read(cls, fields: Fields, terms: OptionTerms) -> Vanilla:
        """Return it: it has no columns of its own."""
        return VANILLA

    def describe(self, terms: OptionTerms) -> str:
        """Return strike and right."""
        return f"{terms.strike:g} {terms.right}"


VANILLA = Vanilla()
