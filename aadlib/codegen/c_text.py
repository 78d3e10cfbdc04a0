"""Python turned into C: the expressions of rules, and whole functions of floats."""

from __future__ import annotations

import ast
from collections.abc import Callable

Name = Callable[[str], str]
"""What a Python name is called in C."""

OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Or: ("|", 2),
    ast.And: ("&", 3),
    ast.Eq: ("==", 4),
    ast.NotEq: ("!=", 4),
    ast.Lt: ("<", 4),
    ast.LtE: ("<=", 4),
    ast.Gt: (">", 4),
    ast.GtE: (">=", 4),
    ast.Add: ("+", 5),
    ast.Sub: ("-", 5),
    ast.Mult: ("*", 6),
    ast.Div: ("/", 6),
}
"""Operators and how tightly they bind. `and` and `or` compute both sides: nothing jumps, and a loop becomes SIMD."""

CHOICE, CONDITION, SIGN, ATOM = 1, 2, 7, 8
"""How tightly the rest binds: `a if c else b`, what may stand before `?`, `-a`, and what needs no brackets at all."""


def expression(source: str | ast.expr, name: Name) -> str:
    """Return an expression over floats in C; raise ValueError for what has no meaning there."""
    tree = ast.parse(source, mode="eval").body if isinstance(source, str) else source
    return _written(tree, name)[0]


def _within(node: ast.expr, name: Name, tightest: int) -> str:
    """Return an operand, in brackets where it binds less tightly than what it stands in."""
    text, binds = _written(node, name)
    return text if binds >= tightest else f"({text})"


def _written(node: ast.expr, name: Name) -> tuple[str, int]:
    """Return the text and how tightly it binds."""
    match node:
        case ast.Constant(value=float() as number):
            return repr(number), ATOM
        case ast.Name(id=word):
            return name(word), ATOM
        case ast.Call(func=ast.Name(id=word), args=arguments, keywords=[]):
            return f"{name(word)}({', '.join(expression(a, name) for a in arguments)})", ATOM
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_within(operand, name, ATOM)}", SIGN
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            sign, binds = OPERATORS[type(op)]
            return f"{_within(left, name, binds)} {sign} {_within(right, name, binds + 1)}", binds
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            sign, binds = OPERATORS[type(op)]
            return f"{_within(left, name, binds + 1)} {sign} {_within(right, name, binds + 1)}", binds
        case ast.BoolOp(op=op, values=values):
            sign, binds = OPERATORS[type(op)]
            return f" {sign} ".join(_within(value, name, ATOM) for value in values), binds
        case ast.IfExp(test=test, body=body, orelse=other):
            texts = (
                _within(test, name, CONDITION),
                _within(body, name, CONDITION),
                _within(other, name, CHOICE),
            )
            return "{} ? {} : {}".format(*texts), CHOICE
    raise ValueError(f"{ast.unparse(node)!r} cannot be written in C")


def statements(body: list[ast.stmt], name: Name, indent: str) -> list[str]:
    """Return assignments, conditions, loops and returns in C."""
    lines: list[str] = []
    for statement in body:
        match statement:
            case ast.Return(value=ast.expr() as value):
                lines.append(f"{indent}return {expression(value, name)};")
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                lines.append(f"{indent}{name(target)} = {expression(value, name)};")
            case ast.AugAssign(target=ast.Name(id=target), op=op, value=value) if type(op) in OPERATORS:
                lines.append(f"{indent}{name(target)} {OPERATORS[type(op)][0]}= {expression(value, name)};")
            case ast.While(test=test, body=inner, orelse=[]):
                lines.append(f"{indent}while ({expression(test, name)}) {{")
                lines += [*statements(inner, name, indent + "    "), f"{indent}}}"]
            case ast.If(test=test, body=inner, orelse=other):
                lines.append(f"{indent}if ({expression(test, name)}) {{")
                lines += statements(inner, name, indent + "    ")
                if other:
                    lines += [f"{indent}}} else {{", *statements(other, name, indent + "    ")]
                lines.append(f"{indent}}}")
            case ast.Expr(value=ast.Constant(value=str())):
                pass  # a docstring
            case _:
                raise ValueError(f"{ast.unparse(statement)!r} cannot be written in C")
    return lines


def function(tree: ast.FunctionDef, name: Name, declaration: str) -> list[str]:
    """Return a function of one float `x` in C; `declaration` comes before its body."""
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = sorted(assigned - {"x"})

    def inside(word: str) -> str:
        return word if word in assigned or word == "x" else name(word)

    return [
        f"{declaration} {{",
        *([f"    double {', '.join(local)};"] if local else []),
        *statements(tree.body, inside, "    "),
        "}",
        "",
    ]
