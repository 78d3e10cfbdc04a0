"""Every benchmark runs once at its smallest size, and there is a control without our code."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "asv_bench" / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
KINDS = ("time_", "track_", "peakmem_", "mem_")


def load(name: str) -> ModuleType:
    """Import one benchmark file as asv does: as a module of the package `benchmarks`."""
    if "benchmarks" not in sys.modules:
        spec = importlib.util.spec_from_file_location("benchmarks", FOLDER / "__init__.py")
        assert spec is not None and spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules["benchmarks"] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"benchmarks.{name}")


def combinations(suite: type) -> list[tuple[Any, ...]]:
    """Return the parameter combinations of a suite: asv takes one list, or one list per parameter."""
    params = getattr(suite, "params", ())
    if not params:
        return [()]
    several = isinstance(params[0], (list, tuple))
    return list(itertools.product(*params)) if several else [(value,) for value in params]


def runs(module: ModuleType) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield (label, function that sets up and runs) for every benchmark and combination."""
    for suite_name, suite in inspect.getmembers(module, inspect.isclass):
        if suite.__module__ != module.__name__:
            continue
        for values in combinations(suite):
            for method in (name for name in vars(suite) if name.startswith(KINDS)):

                def run(suite: type = suite, method: str = method, values: tuple[Any, ...] = values) -> Any:
                    instance = suite()
                    try:
                        getattr(instance, "setup", lambda *_: None)(*values)
                    except (
                        NotImplementedError
                    ):  # asv's way to say, in setup alone, that it does not apply here
                        return None
                    return getattr(instance, method)(*values)

                yield f"{suite_name}.{method}{values}", run


@pytest.mark.slow  # what must pass takes one step of asv through all of them
@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AADLIB_BENCH_SMALLEST", "1")
    for label, run in runs(load(name)):
        result = run()
        if result is not None and ".track_" in label and "ratio_to" not in label:
            assert np.isfinite(result), label


@pytest.mark.parametrize("name", NAMES)
def test_no_imported_class_looks_like_a_benchmark(name: str) -> None:
    # asv makes an instance of every class in the file with an attribute of such a name, wherever it was written.
    module = load(name)
    for _, found in inspect.getmembers(module, inspect.isclass):
        names = [attribute for attribute in dir(found) if attribute.startswith(KINDS)]
        assert found.__module__ == module.__name__ or not names, (
            f"{found.__name__} has {names}: import its module"
        )


def test_the_control_uses_no_code_of_ours() -> None:
    text = (FOLDER / "control.py").read_text(encoding="utf-8")
    assert not any(package in text for package in ("aadlib", "greeks2", "pricers", "apps"))
