"""Write the rules over single numbers: a C header, and the Cython declarations of what stands in it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from aadlib.codegen.c_text import expression, function
from aadlib.codegen.rule_text import SOURCE, constants, namer, special_functions, texts_of
from aadlib.rules import table as rules

NAME = namer("scalar")

TARGETS = {"value": (), "first": ("dx", "dy"), "second": ("dxx", "dxy", "dyy")}
"""What the switches over operations fill in, in the order of the table's texts."""


def c_rules() -> str:
    """Write the header: codes, constants, special functions, switches over operations, and steps."""
    undefined = {"INFINITY": "INFINITY", "NOT_A_NUMBER": "NAN"}
    lines = [f"/* {SOURCE} */", "#ifndef AAD_RULES_H", "#define AAD_RULES_H", ""]
    lines += [
        "#include <stddef.h>",
        "",
        '#include "aadlib/rules/chain.h"',
        '#include "aadlib/rules/elementary.h"',
        "",
    ]
    lines += [f"#define rule_{name} ({undefined.get(name, repr(value))})" for name, value in constants()]
    lines += ["", "enum {", *(f"    {name} = {code}," for name, code in codes()), "};", ""]
    for tree in special_functions():
        lines += function(tree, NAME, f"AAD_RULE double rule_{tree.name}(double x)")
    for rule in rules.RULES:
        lines += [
            f"AAD_RULE double value_{rule.name}({'double x' if rule.arity == 1 else 'double x, double y'}) {{",
            f"    return {expression(rule.value, NAME)};",
            "}",
            "",
        ]
    for order in TARGETS:
        lines += _dispatch(order)
    return "\n".join([*lines, *_dead_operands(), *_touch(), *_value_steps(), *_adjoint_steps(), "#endif", ""])


def cython_declarations() -> str:
    """Declare codes, values and switches."""
    declared = [
        *(
            f"double value_{r.name}({'double x' if r.arity == 1 else 'double x, double y'})"
            for r in rules.RULES
        ),
        *(f"{'void' if TARGETS[order] else 'double'} rule_{order}({_arguments(order)})" for order in TARGETS),
        f"int rule_dead({DEAD})",
    ]
    lines = [f"# {SOURCE}", "", 'cdef extern from "aadlib/generated/rules.h" nogil:', "    enum:"]
    lines += [f"        {name}" for name, _ in codes()]
    return "\n".join([*lines, *(f"    {text} noexcept" for text in declared), ""])


def codes() -> Iterator[tuple[str, int]]:
    """Yield the codes of operations, and how many there are and how many pair."""
    yield from ((f"OP_{rule.name.upper()}", code) for code, rule in enumerate(rules.RULES))
    yield "N_RULES", len(rules.RULES)
    yield "N_PAIRED", len(rules.PAIRED)


DEAD = ", ".join(["int op", "double x", "double y", "double v", *(f"int {mark}" for mark in rules.MARKS)])
"""What decides whether an operation depends on its operands."""


def _dead_operands() -> list[str]:
    """Write the switch that returns the operands (bits 1 and 2) on which an operation does not depend near a point."""
    lines = [f"AAD_RULE int rule_dead({DEAD}) {{", "    switch (op) {"]
    for code, rule in enumerate(rules.RULES):
        texts = [(side, text) for side, text in enumerate(rule.dead) if text]
        if texts:
            name: Callable[[str], str] = lambda word: word if word in rules.MARKS else NAME(word)  # noqa: E731
            bits = " | ".join(f"({expression(text, name)}) << {side}" for side, text in texts)
            lines += [f"    case {code}: /* {rule.name} */", f"        return {bits};"]
    return [*lines, "    default:", "        return 0;", "    }", "}", ""]


def _touch() -> list[str]:
    """Write what computes partials for the processor to notice infinite ones, of a node that a sweep passes over."""
    edged = ", ".join("1" if rule.domain else "0" for rule in rules.RULES)
    return [
        f"static const unsigned char aad_edged[] AAD_UNUSED = {{{edged}}};",
        "",
        "AAD_RULE_CALL void rule_touch(int op, double x, double y, double v) {",
        "    volatile double kept;",
        "    double one, two, three;",
        "    rule_first(op, x, y, v, &one, &two);",
        "    kept = one;",
        "    kept = two;",
        "    rule_second(op, x, y, v, &one, &two, &three);",
        "    kept = one;",
        "    kept = two;",
        "    kept = three;",
        "    (void)kept;",
        "}",
        "",
    ]


# ---- switches over operations ----------------------------------------------------------------------------------------


def _calls(rule: rules.Rule, order: str) -> bool:
    """Say whether a rule calls a function."""
    trees = (ast.parse(text, mode="eval") for text in texts_of(rule, order))
    return any(isinstance(node, ast.Call) for tree in trees for node in ast.walk(tree))


def _arguments(order: str) -> str:
    pointers = "".join(f", double* {target}" for target in TARGETS[order])
    return f"int op, double x, double y{', double v' if pointers else ''}{pointers}"


def _statements(rule: rules.Rule, order: str) -> list[str]:
    """Write what a switch does for one operation."""
    if order == "value":
        return [f"return value_{rule.name}({'x' if rule.arity == 1 else 'x, y'});"]
    filled = zip(TARGETS[order], texts_of(rule, order), strict=False)
    return [*(f"*{t} = {expression(e, NAME)};" for t, e in filled if e != "0.0"), "break;"]


def _dispatch(order: str) -> list[str]:
    """Write a switch over operations in two halves.

    The rows of plain arithmetic are inlined into a sweep's loop; those that call a library function stand behind a
    call, so that they do not crowd the loop.
    """
    targets = TARGETS[order]
    result = "void" if targets else "double"
    passed = ", ".join(["op", "x", "y", *(["v"] if targets else []), *targets])
    rest = f"rule_{order}_call({passed})"
    halves = {"_call": "AAD_RULE_CALL", "": "AAD_RULE"}
    lines: list[str] = []
    for half, linkage in halves.items():
        lines.append(f"{linkage} {result} rule_{order}{half}({_arguments(order)}) {{")
        lines += [f"    *{target} = 0.0;" for target in targets if not half]
        lines.append("    switch (op) {")
        for code, rule in enumerate(rules.RULES):
            if _calls(rule, order) == bool(half):
                lines += [f"    case {code}: /* {rule.name} */"]
                lines += [f"        {row}" for row in _statements(rule, order)]
        lines += [
            "    default:",
            f"        {'break' if targets else 'return 0.0'};" if half else f"        {rest};",
        ]
        if not targets and not half:
            lines[-1] = f"        return {rest};"
        lines += ["    }", "}", ""]
    return lines


# ---- steps over the schedule of a program ----------------------------------------------------------------------------


def pairs() -> Iterator[tuple[int, rules.Rule, rules.Rule, int]]:
    """Yield (number, first, second, side): two arithmetic operations in a row, the second using the first.

    Side 0: the first result is the second's left operand; side 1: its right one. A pair costs one dispatch instead of
    two, and the intermediate result reaches the second operation in a register.
    """
    paired = [rules.RULES[rules.CODES[name]] for name in rules.PAIRED]
    triples = ((one, two, side) for one in paired for two in paired for side in (0, 1))
    yield from ((number, *triple) for number, triple in enumerate(triples))


def _value_steps() -> list[str]:
    """Write one step of the value sweep over the schedule: a node, or a pair of nodes."""
    lines = [
        "AAD_RULE ptrdiff_t step_value(",
        "    int code, const double* values, double* out, const int* left, const int* right, ptrdiff_t k) {",
        "    double x = values[left[k]], y = values[right[k]], u, z;",
        "    switch (code) {",
    ]
    for code, rule in enumerate(rules.RULES):
        if not _calls(rule, "value"):
            lines += [
                f"    case {code}: /* {rule.name} */",
                f"        out[k] = {expression(rule.value, NAME)};",
            ]
            lines += ["        return 1;"]
    for number, one, two, side in pairs():
        operands = {"x": "u", "y": "z"} if side == 0 else {"x": "z", "y": "u"}
        lines += [
            f"    case {len(rules.RULES) + number}: /* {one.name}, {two.name} */",
            f"        u = {expression(one.value, NAME)};",
            f"        z = values[{'right' if side == 0 else 'left'}[k + 1]];",
            "        out[k] = u;",
            f"        out[k + 1] = {expression(two.value, operands.__getitem__)};",
            "        return 2;",
        ]
    rest = "        out[k] = rule_value_call(code, x, y);"
    return [*lines, "    default:", rest, "        return 1;", "    }", "}", ""]


def _contributions(rule: rules.Rule, wanted: int) -> list[str]:
    """Write what a node adds to the adjoints of its wanted operands."""
    targets = ("adjoints[a]", "adjoints[b]")
    return [
        f"{target} += w;" if text == "1.0" else f"{target} += aad_chain(w, {expression(text, NAME)});"
        for bit, target, text in zip((1, 2), targets, rule.first, strict=False)
        if wanted & bit and text != "0.0"
    ]


def _adjoint_cases(calls: bool, leave: str) -> list[str]:
    """Write a case per operation and wanted operands, of those that call a function or of the others.

    The code of a node is 4 * operation + bits 1 and 2 for the wanted left and right operand; pairs follow after.
    """
    lines = []
    for code, rule in enumerate(rules.RULES):
        for wanted in (1, 2, 3)[: 1 if rule.arity == 1 else 3]:
            if _calls(rule, "first") == calls and (parts := _contributions(rule, wanted)):
                lines += [f"    case {4 * code + wanted}: /* {rule.name} */"]
                lines += [f"        {part}" for part in (*parts, leave)]
    return lines


def _adjoint_pair(number: int, one: rules.Rule, two: rules.Rule, side: int) -> list[str]:
    """Write the case of a pair: the second node's adjoint passes the first one in a register."""
    name: Callable[[str], str] = NAME
    return [
        f"    case {4 * len(rules.RULES) + number}: /* {one.name}, {two.name} */",
        f"        adjoints[{'b' if side == 0 else 'a'}] += aad_chain(w, {expression(two.first[1 - side], name)});",
        f"        w = bars[k - 1] + aad_chain(w, {expression(two.first[side], name)});",
        "        bars[k - 1] = w;",
        "        if (w != 0.0) {",
        "            a = left[k - 1];",
        "            b = right[k - 1];",
        f"            v = {'x' if side == 0 else 'y'};",
        "            x = values[a];",
        "            y = values[b];",
        *(f"            {part}" for part in _contributions(one, 3)),
        "        }",
        "        return 2;",
    ]


def _adjoint_steps() -> list[str]:
    """Write one step of the adjoint sweep: a node, or a pair of nodes."""
    lines = [
        "AAD_RULE_CALL void step_adjoint_call(",
        "    int code, double w, double x, double y, double v, double* adjoints, int a, int b) {",
        "    switch (code) {",
        *_adjoint_cases(calls=True, leave="break;"),
        "    }",
        "}",
        "",
        "AAD_RULE ptrdiff_t step_adjoint(",
        "    int code, const double* values, const double* out, double* adjoints, double* bars, const int* left,",
        "    const int* right, ptrdiff_t k) {",
        "    double w = bars[k], x, y, v;",
        "    int a, b;",
        "    a = left[k];",
        "    b = right[k];",
        "    x = values[a];",
        "    y = values[b];",
        "    v = out[k];",
        "    if (w == 0.0) {",
        f"        if (code < {4 * len(rules.RULES)} && aad_edged[code / 4] && code & 3) rule_touch(code / 4, x, y, v);",
        "        return 1;",
        "    }",
        "    switch (code) {",
        *_adjoint_cases(calls=False, leave="return 1;"),
    ]
    for pair in pairs():
        lines += _adjoint_pair(*pair)
    rest = "        if (code & 3) step_adjoint_call(code, w, x, y, v, adjoints, a, b);"
    return [*lines, "    default:", rest, "        return 1;", "    }", "}", ""]
