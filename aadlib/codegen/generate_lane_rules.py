"""Write the rules over blocks of lanes: each row a loop of fixed length that the compiler turns into SIMD."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from aadlib.codegen.rule_text import BANNER, elementary_declarations, namer, renamed
from aadlib.rules import table as rules

SHARED = tuple(f"e{k}" for k in range(8))
"""Names of what the expressions of one row have in common: see `_shared_calls`."""


def _shared_calls(texts: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Give every function call that a row makes more than once a name; return (name, call) pairs and the texts left."""
    shared: list[tuple[str, str]] = []
    trees: list[ast.AST] = [ast.parse(text, mode="eval") for text in texts]
    while True:
        calls = [ast.unparse(n) for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)]
        repeated = sorted((call for call in set(calls) if calls.count(call) > 1), key=lambda c: (len(c), c))
        if not repeated:
            return shared, [ast.unparse(tree) for tree in trees]
        shared.append((f"e{len(shared)}", repeated[0]))
        trees = [_Named(*shared[-1]).visit(tree) for tree in trees]


class _Named(ast.NodeTransformer):
    """Put a name in the place of a call."""

    def __init__(self, name: str, call: str) -> None:
        self.name, self.call = name, call

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node) == self.call:
            return ast.Name(self.name, ast.Load())
        return self.generic_visit(node)


Loop = list[tuple[str, str]]
"""What one loop over a block fills: arrays and expressions."""


def _lane_values() -> Iterator[tuple[int, Loop]]:
    """Yield the values of every operation under its code."""
    for code, rule in enumerate(rules.RULES):
        yield code, [("v", rule.value)]


def _lane_first() -> Iterator[tuple[int, Loop]]:
    """Yield both first partials of every operation."""
    for code, rule in enumerate(rules.RULES):
        yield code, list(zip(("dx", "dy"), (*rule.first, "0.0"), strict=False))


def _lane_second() -> Iterator[tuple[int, Loop]]:
    """Yield all second partials of every operation."""
    for code, rule in enumerate(rules.RULES):
        yield code, list(zip(("dxx", "dxy", "dyy"), (*rule.second, "0.0", "0.0"), strict=False))


def _lane_partials() -> Iterator[tuple[int, Loop]]:
    """Yield all partials of the operations with curvature, but second ones that vanish identically."""
    for code, rule in enumerate(rules.RULES):
        if not rule.linear:
            second = zip(("dxx", "dxy", "dyy"), rule.second, strict=False)
            yield (
                code,
                [*zip(("dx", "dy"), rule.first, strict=False), *((n, e) for n, e in second if e != "0.0")],
            )


def _lane_pulls() -> Iterator[tuple[int, Loop]]:
    """Yield what adjoint `w` adds to an operand's: 2 * operation for the left one, 2 * operation + 1 for the right."""
    for code, rule in enumerate(rules.RULES):
        for side, text in enumerate(rule.first):
            if text == "1.0":
                yield 2 * code + side, [("bar", "bar + w")]
            elif text != "0.0":
                yield 2 * code + side, [("p", text)]


LANE_FUNCTIONS: dict[str, tuple[Callable[[], Iterator[tuple[int, Loop]]], str, str]] = {
    "value": (_lane_values, "x y", "v"),
    "pull": (_lane_pulls, "w x y v", "bar"),
    "first": (_lane_first, "x y v", "dx dy"),
    "second": (_lane_second, "x y v", "dxx dxy dyy"),
    "partials": (_lane_partials, "x y v", "dx dy dxx dxy dyy"),
}
"""Functions over a block: what they compute, the blocks they read, and those they fill."""


def cython_lane_rules() -> str:
    """Write the rules over blocks of WIDTH lanes: each row a loop of fixed length that the compiler turns into SIMD."""
    lines = [BANNER, "# Include after rules.pxi and an enum with WIDTH, the lanes in a block.", ""]
    lines += [
        *elementary_declarations("lane"),
        "cdef extern from *:",
        '    """',
        "    #if defined(__GNUC__)",
        "    typedef double *__restrict__ aad_block;",
        "    #else",
        "    typedef double *aad_block;",
        "    #endif",
        '    """',
        "    ctypedef double* aad_block  # a block that overlaps no other argument",
        "",
        "cdef inline double both(double factor, double number) noexcept nogil:",
        "    return factor * number if (factor != 0.0) & (number != 0.0) else 0.0  # a zero of either ends a chain",
        "",
    ]
    for kind, (loops, read, filled) in LANE_FUNCTIONS.items():
        arguments = [
            *(f"const double* {n}" for n in read.split()),
            *(f"aad_block {n}" for n in filled.split()),
        ]
        body, names, branch = [], set(), "if"
        for code, loop in loops():
            calls, texts = _shared_calls([text for _, text in loop])
            names |= {name for name, _ in calls}
            body += [f"    {branch} code == {code}:", "        for k in range(WIDTH):"]
            body += [f"            {name} = {_in_lane(call)}" for name, call in calls]
            body += [f"            {t}[k] = {_in_lane(e)}" for (t, _), e in zip(loop, texts, strict=True)]
            if loop[0][0] == "p":  # a loop of its own: a computation that hangs on a condition is not SIMD
                body += ["        for k in range(WIDTH):", "            bar[k] += both(w[k], p[k])"]
            branch = "elif"
        lines += [
            f"cdef void lane_{kind}(int code, {', '.join(arguments)}) noexcept nogil:",
            "    cdef Py_ssize_t k",
            *([f"    cdef double {', '.join(sorted(names))}"] if names else []),
            *(["    cdef double[WIDTH] p"] if kind == "pull" else []),
            *body,
            "",
        ]
    return "\n".join(lines)


class _WithoutBranches(ast.NodeTransformer):
    """Write `and` and `or` of comparisons as `&` and `|`: both sides are computed and nothing jumps."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        first, *others = (self.visit(value) for value in node.values)
        for other in others:
            first = ast.BinOp(first, operator, other)
        return first


def _in_lane(expression: str) -> str:
    """Return a rule text for lane k of a block."""
    name = namer("lane")
    lanes = {n: f"{n}[k]" for n in ("x", "y", "v", "w", "bar")}
    plain = ast.unparse(_WithoutBranches().visit(ast.parse(expression, mode="eval")))
    return renamed(plain, lambda n: n if n in (*lanes, *SHARED) else name(n), **lanes)
