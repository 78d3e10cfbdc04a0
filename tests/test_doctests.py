"""The examples in the docstrings of every module of the four packages, compiled modules included."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = ("aadlib", "greeks2", "pricers", "apps")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def module_names() -> list[str]:
    """Return the dotted names of all modules, except those that run something when imported."""
    found = [
        info.name
        for package in PACKAGES
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    ]
    return [name for name in (*PACKAGES, *found) if not name.endswith("__main__")]


@pytest.mark.parametrize("name", module_names())
def test_docstring_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert results.failed == 0
