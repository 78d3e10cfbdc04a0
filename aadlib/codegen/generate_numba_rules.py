"""Write the rules as a numba module: a real file, so that numba can cache what it compiles."""

from __future__ import annotations

import ast

from aadlib.codegen.rule_text import SOURCE, constants, special_functions, texts_of
from aadlib.rules import table as rules

WIDTHS = {"value": 1, "first": 2, "second": 3}
"""Numbers that each switch returns."""

JIT = "@njit(cache=CACHE, error_model='numpy')"

HEAD = f'''# {SOURCE}
"""Value, first and second partials of every operation, compiled by numba."""

from math import (
    {{imports}}
)

from numba import njit
from numba.extending import overload
from numpy import fmod

from aadlib.kernel_cache import CACHE

{{constants}}


{JIT}
def m_exp2(x):
    return m_pow(2.0, x)


@overload(m_fmod, target='cpu')  # numba knows math.fmod for CUDA only, and numpy.fmod for the CPU only
def fmod_of_numpy(x, y):
    return lambda x, y: fmod(x, y)
'''


class _Renamed(ast.NodeTransformer):
    """Put `m_` before the library's functions: a generated `exp` would shadow the user's."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(f"m_{node.id}" if node.id in rules.LIBRARY else node.id, node.ctx)


def _text(tree: ast.AST) -> str:
    return ast.unparse(_Renamed().visit(tree))


def numba_rules() -> str:
    """Return the module's text."""
    undefined = {"INFINITY": 'float("inf")', "NOT_A_NUMBER": 'float("nan")'}
    python = {"tgamma": "gamma"}
    imports = (f"{python.get(n, n)} as m_{n}," for n in rules.LIBRARY if n != "exp2")
    numbers = (f"{name} = {undefined.get(name, repr(value))}" for name, value in constants())
    lines = [HEAD.format(imports="\n    ".join(imports), constants="\n".join(numbers))]
    for function in special_functions():
        lines += ["", JIT, f"def {function.name}(x):"]
        lines += ["    " + row for statement in function.body for row in _text(statement).splitlines()]
        lines.append("")
    for order, width in WIDTHS.items():
        lines += ["", JIT, f"def {order}({'op, x, y' if order == 'value' else 'op, x, y, v'}):"]
        for code, rule in enumerate(rules.RULES):
            texts = [_text(ast.parse(text, mode="eval")) for text in texts_of(rule, order)]
            padded = [*texts, *["0.0"] * (width - len(texts))]
            lines += [f"    {'if' if code == 0 else 'elif'} op == {code}:  # {rule.name}"]
            lines += [f"        return {', '.join(padded)}"]
        lines += [f"    return {', '.join(['0.0'] * width)}", ""]
    return "\n".join(lines)
