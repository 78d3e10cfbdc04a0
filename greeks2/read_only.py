"""A mapping that cannot be changed, for results that go from process to process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class ReadOnly(Mapping[Key, Value]):
    """A copy of a mapping without ways to change it; unlike `types.MappingProxyType` it can be pickled.

    Examples
    --------
    >>> from greeks2.read_only import ReadOnly
    >>> counts = ReadOnly({"nodes": 12})
    >>> counts, counts["nodes"], counts == {"nodes": 12}
    ({'nodes': 12}, 12, True)
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Key, Value]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: Key) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)
