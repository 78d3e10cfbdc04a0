"""Write the rules over blocks of lanes: each row a loop of fixed length that the compiler turns into SIMD."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from aadlib.codegen.c_text import expression
from aadlib.codegen.rule_text import SOURCE, namer
from aadlib.rules import table as rules

BLOCKS = ("x", "y", "v", "w", "bar")
"""What has one number per lane; a rule's `x` is `x[k]` in a loop over lanes."""


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


def c_lane_rules() -> str:
    """Write the rules over blocks of AAD_WIDTH lanes, each row a loop of fixed length."""
    lines = [
        f"/* {SOURCE}",
        " *",
        " * Included once for each number of lanes in a block, AAD_WIDTH; AAD_WIDE(name) is a function's name.",
        " */",
        "",
    ]
    for kind, (loops, read, filled) in LANE_FUNCTIONS.items():
        blocks = [
            *(f"const double* {n}" for n in read.split()),
            *(f"double* AAD_RESTRICT {n}" for n in filled.split()),
        ]
        lines += [
            f"AAD_UNUSED static void AAD_WIDE({kind})(int code, {', '.join(blocks)}) {{",
            "    switch (code) {",
        ]
        for code, loop in loops():
            lines += [f"    case {code}: {{", *_loop(loop), "        break;", "    }"]
        lines += ["    }", "}", ""]
    return "\n".join(lines)


def _loop(loop: Loop) -> list[str]:
    """Write one row over the lanes of a block."""
    calls, texts = _shared_calls([text for _, text in loop])
    body = [f"double {name} = {_in_lane(call)};" for name, call in calls]
    body += [f"{target}[k] = {_in_lane(text)};" for (target, _), text in zip(loop, texts, strict=True)]
    each = "        for (int k = 0; k < AAD_WIDTH; k++)"
    lines = (
        [f"{each} {body[0]}"]
        if len(body) == 1
        else [f"{each} {{", *(f"            {t}" for t in body), "        }"]
    )
    if loop[0][0] == "p":  # a loop of its own: a computation that hangs on a condition is not SIMD
        return ["        double p[AAD_WIDTH];", *lines, f"{each} bar[k] += aad_chain(w[k], p[k]);"]
    return lines


def _in_lane(text: str) -> str:
    """Return a rule text for lane k of a block."""
    name = namer("lane")
    return expression(text, lambda word: f"{word}[k]" if word in BLOCKS else name(word))
