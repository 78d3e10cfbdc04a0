"""Turn the rule table into compiled code: the Cython switches of the tape, the loops over lanes, the numba module.

`setup.py` calls `main` before it compiles, without running `aadlib/__init__.py`. Every text passes through
Python's own parser, library functions get a prefix (a generated `exp` would shadow the user's), and a file is only
rewritten when its content changes, so an incremental build stays incremental.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

from aadlib.codegen.generate_lane_rules import cython_lane_rules
from aadlib.codegen.rule_text import BANNER, ELEMENTARY, Prefix, elementary_declarations, namer, renamed
from aadlib.rules import special
from aadlib.rules import table as rules
from aadlib.sweeps.sizes import BLOCK, LANES


def _special_functions() -> Iterator[tuple[ast.FunctionDef, set[str]]]:
    """Yield each helper's syntax tree, without docstring, and its local variables."""
    for name in rules.HELPERS:
        (function,) = ast.parse(inspect.getsource(getattr(special, name))).body
        assert isinstance(function, ast.FunctionDef)
        function.body = function.body[1:]
        local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        yield function, local


def _numbers(write: Callable[[str, float], str]) -> list[str]:
    names = [name for name, value in vars(special).items() if isinstance(value, float)]
    return [write(name, getattr(special, name)) for name in names]


def cython_rules() -> str:
    """Write the scalar rules: `rule_value`, `rule_first`, `rule_second` and the tables over operations."""
    c_name = namer("scalar")
    library = [n for n in rules.LIBRARY if n not in ELEMENTARY]
    lines = [BANNER, "from libc.math cimport (", *(f"    {n} as c_{n}," for n in library), ")", ""]
    lines += elementary_declarations("scalar")
    lines += ["cdef extern from *:", '    """']
    for name, value in vars(special).items():
        if isinstance(value, float):
            text = {"INFINITY": "INFINITY", "NOT_A_NUMBER": "NAN"}.get(name, repr(value))
            lines.append(f"    #define rule_{name} ({text})")
    lines += ['    """']
    lines += _numbers(lambda name, _: f"    const double rule_{name}")
    lines += ["", "cdef enum:", *(f"    OP_{r.name.upper()} = {k}" for k, r in enumerate(rules.RULES))]
    lines += [
        f"    N_RULES = {len(rules.RULES)}",
        f"    N_PAIRED = {len(rules.PAIRED)}",
        f"    LANES = {LANES}",
        f"    BLOCK = {BLOCK}",
        "",
    ]
    for function, local in _special_functions():
        local.discard("x")
        lines.append(f"cdef inline double rule_{function.name}(double x) noexcept nogil:")
        if local:
            lines.append(f"    cdef double {', '.join(sorted(local))}")
        for statement in function.body:
            written = Prefix(lambda n, keep=local: n if n in keep else c_name(n)).visit(statement)  # type: ignore[misc]
            lines += ["    " + row for row in ast.unparse(written).splitlines()]
        lines.append("")
    for rule in rules.RULES:
        arguments = "double x" if rule.arity == 1 else "double x, double y"
        lines += [f"cdef inline double value_{rule.name}({arguments}) noexcept nogil:"]
        lines += [f"    return {renamed(rule.value, c_name)}", ""]
    lines += _dispatch(
        "value", "double", (), lambda r: [f"return value_{r.name}({'x' if r.arity == 1 else 'x, y'})"]
    )
    for order, targets in {"first": ("dx", "dy"), "second": ("dxx", "dxy", "dyy")}.items():

        def assignments(
            rule: rules.Rule, order: str = order, targets: tuple[str, ...] = targets
        ) -> list[str]:
            texts = getattr(rule, order)
            return [
                f"{t}[0] = {renamed(e, c_name)}" for t, e in zip(targets, texts, strict=False) if e != "0.0"
            ]

        lines += _dispatch(order, "void", targets, assignments)
    return "\n".join([*lines, *_value_steps(c_name), *_adjoint_steps(c_name)])


def pairs() -> Iterator[tuple[int, int, int]]:
    """Yield (first operation, second operation, side): two arithmetic nodes in a row, the second using the first.

    Side 0: the first result is the second's left operand; side 1: its right one. A pair costs one dispatch instead of
    two, and the intermediate result reaches the second operation in a register.
    """
    codes = [rules.CODES[name] for name in rules.PAIRED]
    for first in codes:
        for second in codes:
            yield first, second, 0
            yield first, second, 1


def _value_steps(c_name: Callable[[str], str]) -> list[str]:
    """Write one step of the value sweep over the schedule: a node, or a pair of nodes."""
    lines = [
        "cdef inline Py_ssize_t step_value(int code, const double* values, double* out, const int* left,"
        " const int* right, Py_ssize_t k) noexcept nogil:",
        "    cdef double x = values[left[k]]",
        "    cdef double y = values[right[k]]",
        "    cdef double u, z",
    ]
    branch = "if"
    for code, rule in enumerate(rules.RULES):
        if not _calls(rule, "value"):
            lines += [
                f"    {branch} code == {code}:  # {rule.name}",
                f"        out[k] = {renamed(rule.value, c_name)}",
            ]
            branch = "elif"
    for number, (first, second, side) in enumerate(pairs()):
        one, two = rules.RULES[first], rules.RULES[second]
        operands = {"x": "u", "y": "z"} if side == 0 else {"x": "z", "y": "u"}
        lines += [
            f"    elif code == {len(rules.RULES) + number}:  # {one.name}, {two.name}",
            f"        u = {renamed(one.value, c_name)}",
            f"        z = values[{'right' if side == 0 else 'left'}[k + 1]]",
            "        out[k] = u",
            f"        out[k + 1] = {renamed(two.value, c_name, **operands)}",
            "        return 2",
        ]
    return [*lines, "    else:", "        out[k] = rule_value_call(code, x, y)", "    return 1", ""]


def _contributions(
    rule: rules.Rule, wanted: int, c_name: Callable[[str], str], w: str, **names: str
) -> list[str]:
    """Write what a node adds to the adjoints of its wanted operands."""
    targets = ("adjoints[a]", "adjoints[b]")
    return [
        f"{target} += chain({w}, {renamed(text, c_name, **names)})"
        for bit, target, text in zip((1, 2), targets, rule.first, strict=False)
        if wanted & bit and text != "0.0"
    ]


def _adjoint_steps(c_name: Callable[[str], str]) -> list[str]:
    """Write one step of the adjoint sweep, a case per operation and wanted operands, or per pair.

    The code of a node is 4 * operation + bits 1 and 2 for the wanted left and right operand; pairs follow after.
    """
    arguments = "int code, double w, double x, double y, double v, double* adjoints, int a, int b"
    lines = [
        "cdef inline double chain(double w, double partial) noexcept nogil:",
        "    return w * partial if partial != 0.0 else 0.0",
        "",
        f"cdef void step_adjoint_call({arguments}) noexcept nogil:",
    ]
    halves: dict[bool, list[str]] = {True: [], False: []}
    for code, rule in enumerate(rules.RULES):
        for wanted in (1, 2, 3)[: 1 if rule.arity == 1 else 3]:
            if parts := _contributions(rule, wanted, c_name, "w"):
                rows = halves[_calls(rule, "first")]
                rows += [f"    {'elif' if rows else 'if'} code == {4 * code + wanted}:  # {rule.name}"]
                rows += [f"        {part}" for part in parts]
    lines += [
        *halves[True],
        "",
        "cdef inline Py_ssize_t step_adjoint(int code, const double* values, const double* out, double* adjoints,"
        " double* bars, const int* left, const int* right, Py_ssize_t k) noexcept nogil:",
        "    cdef double w = bars[k]",
        "    cdef double x, y, u, v, z",
        "    cdef int a, b",
        "    if w == 0.0:",
        "        return 1",
        "    a = left[k]",
        "    b = right[k]",
        "    x = values[a]",
        "    y = values[b]",
        "    v = out[k]",
        *halves[False],
    ]
    for number, (first, second, side) in enumerate(pairs()):
        one, two = rules.RULES[first], rules.RULES[second]
        other = "b" if side == 0 else "a"
        lines += [
            f"    elif code == {4 * len(rules.RULES) + number}:  # {one.name}, {two.name}",
            f"        adjoints[{other}] += chain(w, {renamed(two.first[1 - side], c_name)})",
            f"        w = bars[k - 1] + chain(w, {renamed(two.first[side], c_name)})",
            "        bars[k - 1] = w",
            "        if w != 0.0:",
            "            a = left[k - 1]",
            "            b = right[k - 1]",
            f"            v = {'x' if side == 0 else 'y'}",
            "            x = values[a]",
            "            y = values[b]",
            *(f"            {part}" for part in _contributions(one, 3, c_name, "w")),
            "        return 2",
        ]
    lines += [
        "    elif code & 3:",
        "        step_adjoint_call(code, w, x, y, v, adjoints, a, b)",
        "    return 1",
        "",
    ]
    return lines


def _calls(rule: rules.Rule, order: str) -> bool:
    texts = (rule.value,) if order == "value" else getattr(rule, order)
    return any(
        isinstance(node, ast.Call) for text in texts for node in ast.walk(ast.parse(text, mode="eval"))
    )


def _dispatch(
    order: str, result: str, targets: tuple[str, ...], statements: Callable[[rules.Rule], list[str]]
) -> list[str]:
    """Write a switch over operations in two halves.

    The rows of plain arithmetic are inlined into a sweep's loop; those that call a library function stand behind a
    call, so that they do not crowd the loop.
    """
    pointers = "".join(f", double* {t}" for t in targets)
    arguments = f"int op, double x, double y{', double v' if targets else ''}{pointers}"
    passed = f"op, x, y{', v' if targets else ''}{''.join(f', {t}' for t in targets)}"
    lines = []
    for half, inline in (("_call", ""), ("", "inline ")):
        lines.append(f"cdef {inline}{result} rule_{order}{half}({arguments}) noexcept nogil:")
        if not half:
            lines += [f"    {t}[0] = 0.0" for t in targets]
        branch = "if"
        for code, rule in enumerate(rules.RULES):
            body = statements(rule) or ["pass"]
            if _calls(rule, order) == bool(half):
                lines += [f"    {branch} op == {code}:", *(f"        {row}" for row in body)]
                branch = "elif"
        rest = f"rule_{order}_call({passed})"
        if half:
            lines += ["    return 0.0"] if not targets else []
        else:
            lines += [f"    return {rest}"] if not targets else ["    else:", f"        {rest}"]
        lines.append("")
    return lines


def numba_rules() -> str:
    """Write the rules as a numba module: a real file, so that numba can cache what it compiles."""

    def name_of(name: str) -> str:
        if name in rules.HELPERS or name.isupper():
            return name
        return f"m_{name}"

    imported = [n for n in rules.LIBRARY if n != "exp2"]
    python = {"tgamma": "gamma"}
    lines = [
        BANNER.rstrip(),
        '"""Value, first and second partials of every operation, compiled by numba."""',
        "",
    ]
    lines += ["from math import ("]
    lines += [f"    {python.get(n, n)} as m_{n}," for n in imported]
    lines += [")", "", "from numba import njit", "from numba.extending import overload"]
    lines += ["from numpy import fmod", ""]
    for name, value in vars(special).items():
        if isinstance(value, float):
            text = {"INFINITY": 'float("inf")', "NOT_A_NUMBER": 'float("nan")'}.get(name, repr(value))
            lines.append(f"{name} = {text}")
    lines += [
        "",
        "",
        "@njit(cache=True, error_model='numpy')",
        "def m_exp2(x):",
        "    return m_pow(2.0, x)",
        "",
        "",
        "@overload(m_fmod, target='cpu')  # numba knows math.fmod for CUDA only, and numpy.fmod for the CPU only",
        "def fmod_of_numpy(x, y):",
        "    return lambda x, y: fmod(x, y)",
        "",
    ]
    for function, local in _special_functions():
        lines += ["", "@njit(cache=True, error_model='numpy')", f"def {function.name}(x):"]
        for statement in function.body:
            written = Prefix(lambda n, keep=local: n if n in keep else name_of(n)).visit(statement)  # type: ignore[misc]
            lines += ["    " + row for row in ast.unparse(written).splitlines()]
        lines.append("")
    widths = {"value": 1, "first": 2, "second": 3}
    for order, width in widths.items():
        arguments = "op, x, y" if order == "value" else "op, x, y, v"
        lines += ["", "@njit(cache=True, error_model='numpy')", f"def {order}({arguments}):"]
        for code, rule in enumerate(rules.RULES):
            texts = (rule.value,) if order == "value" else getattr(rule, order)
            padded = [*(renamed(e, name_of) for e in texts), *["0.0"] * (width - len(texts))]
            lines += [f"    {'if' if code == 0 else 'elif'} op == {code}:  # {rule.name}"]
            lines += [f"        return {', '.join(padded)}"]
        lines += [f"    return {', '.join(['0.0'] * width)}", ""]
    return "\n".join(lines)


def operations_stub() -> str:
    """Write what a type checker sees of `aadlib.tape.operations`: a function per row that has a meaning."""
    signatures = {
        name: "x: Any" if rule.arity == 1 else "x: Any, y: Any"
        for rule in rules.RULES
        if rule.meaning
        for name in (rule.name, *rule.also)
    }
    lines = [BANNER.rstrip(), "", "from typing import Any", "", "__all__ = ["]
    lines += [
        *(f'    "{name}",' for name in signatures),
        "]",
        "",
        "def apply(name: str, *arguments: Any) -> Any: ...",
    ]
    return "\n".join(
        [*lines, *(f"def {name}({given}) -> Any: ..." for name, given in signatures.items()), ""]
    )


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(output: Path) -> None:
    """Write every generated file below `output`, and the stub that must stand beside its module."""
    _write(output / "rules.pxi", cython_rules())
    _write(output / "lane_rules.pxi", cython_lane_rules())
    _write(output / "rules_numba.py", numba_rules())
    _write(output.parent / "tape" / "operations.pyi", operations_stub())
