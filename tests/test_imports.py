"""Who may import whom, no cycles, and an import that costs nothing noticeable.

The floors are aadlib <- greeks2 <- apps and aadlib <- pricers <- apps; imports inside functions count too.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MAY_IMPORT = {
    "aadlib": {"aadlib"},
    "greeks2": {"aadlib", "greeks2"},
    "pricers": {"aadlib", "pricers"},
    "apps": {"aadlib", "greeks2", "pricers", "apps"},
}
HEAVY = ("numba", "matplotlib", "pandas", "rich", "scipy.stats", "scipy.optimize", "jax")
CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import|c?import\s+([\w.]+))", re.MULTILINE)


def package_folder(package: str) -> Path:
    """Return the folder a package is imported from: the checkout or the installed wheel."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is not importable"
    return Path(next(iter(spec.submodule_search_locations)))


def modules() -> dict[str, Path]:
    """Return dotted name -> file of every Python and Cython source of the four packages."""
    found: dict[str, Path] = {}
    for package in MAY_IMPORT:
        folder = package_folder(package)
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.pyx"))):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()
COMPILED = {
    ".".join((package, *path.relative_to(package_folder(package)).parent.parts, path.name.partition(".")[0]))
    for package in MAY_IMPORT
    for path in package_folder(package).rglob("*")
    if path.suffix in (".so", ".pyd")
}
"""Extension modules: a wheel carries them without their sources."""


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Yield the absolute dotted names a source imports, wherever in the file the import stands."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".pyx":
        for source, plain in CYTHON_IMPORT.findall(text):
            yield source or plain
        return
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = importlib.util.resolve_name("." * node.level + base, package)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                yield submodule if submodule in MODULES or submodule in COMPILED else base


GRAPH = {name: sorted(set(imports_of(name, path))) for name, path in MODULES.items()}


def cycle_in(graph: dict[str, list[str]]) -> list[str]:
    """Return the names along one cycle of the graph, or an empty list."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in graph.get(name, []):
            if target != name and (cycle := visit(target, [*trail, name])):
                return cycle
        done.add(name)
        return []

    return next((cycle for name in graph if (cycle := visit(name, []))), [])


def test_the_cycle_finder_finds_a_cycle() -> None:
    assert cycle_in({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert cycle_in({"a": ["b", "c"], "b": ["c"], "c": []}) == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package]
    wrong = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        if name.partition(".")[0] == package
        for target in targets
        if target.partition(".")[0] in forbidden
    ]
    assert not wrong


def test_no_import_cycle() -> None:
    assert cycle_in(GRAPH) == []


def levels_of(graph: dict[str, list[str]]) -> dict[str, int]:
    """Return for every module the length of the longest chain of imports that begins with it."""
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in levels:
            below = [level(target) for target in graph.get(name, []) if target != name]
            levels[name] = 1 + max(below, default=0)
        return levels[name]

    for name in graph:
        level(name)
    return levels


@pytest.mark.skipif("aadlib.tape.tape" not in MODULES, reason="a wheel has no sources of compiled modules")
def test_the_engine_has_few_levels() -> None:
    inside = {
        name: [target for target in targets if target.partition(".")[0] == "aadlib"]
        for name, targets in GRAPH.items()
        if name.partition(".")[0] == "aadlib"
    }
    levels = levels_of(inside)
    assert levels["aadlib.errors"] == 1 and levels["aadlib.tape.tape"] == 2
    assert max(levels.values()) <= 8, sorted(levels.items(), key=lambda entry: entry[1])[-12:]


DOORS = (
    "aadlib",
    "aadlib.compiled_duals",
    "aadlib.extend",
    "aadlib.kernel_cache",
    "aadlib.types",
    "aadlib.errors",
    "aadlib.validation",
)
"""What methods and pricers import of the engine."""

CIMPORTED = ("aadlib.program.nodes", "aadlib.program.addresses", "aadlib.sweeps.simd", "aadlib.sweeps.watch")
"""What their .pyx cimport of it; they also include its generated rules."""


@pytest.mark.parametrize("package", ["greeks2", "pricers"])
def test_methods_and_pricers_enter_the_engine_by_its_doors(package: str) -> None:
    wrong = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        if name.partition(".")[0] == package
        for target in targets
        if target.partition(".")[0] == "aadlib" and target not in DOORS
        if not (MODULES[name].suffix == ".pyx" and target in CIMPORTED)
    ]
    assert not wrong


METHOD_FILES = re.compile(r"greeks2\.methods\.(?!method$)(\w+)")
"""Matches a second-order method's file, or a file of its folder."""


def test_methods_read_facts_and_not_each_other() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        for target in targets
        if (own := METHOD_FILES.match(name))
        and (other := METHOD_FILES.match(target))
        and own.group(1) != other.group(1)
    ]
    assert not wrong


def test_an_operation_is_named_by_its_row_alone() -> None:
    """No module of the engine lists operations of one operand: their functions are made from the rows.

    `aadlib.compiled_duals` is left out: it says which functions of Python's own math module stand for which row.
    """
    from aadlib.rules.table import RULES

    used = {"absolute", "square", "sqrt", "negative", "reciprocal", "floor", "ceil", "trunc", "rint"}
    """Operators and methods of numbers, which Python's data model names: abs(x), x**2, x**0.5, -x, round(x), ..."""
    names = {rule.name for rule in RULES if rule.arity == 1 and rule.meaning} - used
    listed = []
    for module, path in MODULES.items():
        if not module.startswith("aadlib.") or module.startswith(
            ("aadlib.rules.", "aadlib.generated.", "aadlib.codegen.", "aadlib.compiled_duals.")
        ):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".pyx":
            words = set(re.findall(r"OP_[A-Z0-9_]+", text))
            listed += [f"{module}: {name}" for name in names if f"OP_{name.upper()}" in words]
        else:
            strings = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
            defined = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
            listed += [f"{module}: {name}" for name in names if name in strings | defined]
    assert not listed


def test_facts_know_no_method() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        if name.startswith("greeks2.structure.")
        for target in targets
        if target.startswith("greeks2.methods")
    ]
    assert not wrong


def test_second_order_methods_are_named_in_one_place() -> None:
    """Outside their own files, only their list imports them; what is public of one, and its twin, is no naming."""
    methods = {m.group(1) for name in GRAPH if (m := METHOD_FILES.match(name))}
    allowed = {"greeks2", "greeks2.methods"}
    wrong = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        if name.startswith("greeks2") and name not in allowed and not METHOD_FILES.match(name)
        for target in targets
        if METHOD_FILES.match(target)
    ]
    assert methods and not wrong
    for name, path in MODULES.items():
        if not name.startswith(("aadlib.", "greeks2.", "apps.risk.")) or path.suffix != ".py":
            continue
        if METHOD_FILES.match(name) or name.startswith("greeks2.monte_carlo.methods."):
            continue
        strings = [
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not methods & set(strings), name


def run_python(code: str, cwd: Path) -> str:
    """Run `code` in a fresh interpreter and return what it printed."""
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def import_seconds(package: str) -> float:
    """Return the processor time that an import takes in a fresh interpreter: the load of the machine is not in it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run_python(f"import {package}", package_folder("aadlib").parent)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


@pytest.mark.skipif("AADLIB_SANITIZE" in os.environ, reason="sanitizers slow everything down")
def test_import_takes_less_than_a_few_times_numpys() -> None:
    rounds = [(import_seconds("numpy"), import_seconds("aadlib")) for _ in range(5)]
    numpys, ours = (min(seconds) for seconds in zip(*rounds, strict=True))
    assert ours < 4.0 * numpys, (
        f"import aadlib took {ours:.3f} s, numpy included, which alone takes {numpys:.3f} s"
    )


@pytest.mark.parametrize("package", ["aadlib", "greeks2", "pricers"])
def test_import_loads_nothing_heavy(package: str) -> None:
    code = f"import sys, {package}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    assert run_python(code, package_folder(package).parent).split() == []


def test_every_module_imports_in_one_process() -> None:
    """Whatever the processor: what walks a package, as a documentation builder does, must not end the interpreter."""
    code = f"""
import importlib
for name in {sorted({*MODULES, *COMPILED})!r}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as missing:  # an optional dependency
        assert missing.name.partition(".")[0] not in {tuple(MAY_IMPORT)!r}, missing
"""
    run_python(code, package_folder("aadlib").parent)
