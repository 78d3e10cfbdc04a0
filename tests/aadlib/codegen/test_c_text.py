"""Python expressions and functions written in C: brackets, conditions, and what has no meaning there."""

from __future__ import annotations

import ast

import pytest

from aadlib.codegen.c_text import expression, function

TEXTS = {
    "x + y * v": "x + y * v",
    "(x + y) * v": "(x + y) * v",
    "x - (y - v)": "x - (y - v)",
    "x - y - v": "x - y - v",
    "x / (y * v)": "x / (y * v)",
    "-x * y": "-x * y",
    "-(x * y)": "-(x * y)",
    "1.0 if x > y else 2.0 if x < y else 0.5": "x > y ? 1.0 : x < y ? 2.0 : 0.5",
    "(1.0 if x > 0.0 else y) / v": "(x > 0.0 ? 1.0 : y) / v",
    "x if x >= y or x != x else y": "(x >= y) | (x != x) ? x : y",
    "1.0 if x > 0.0 and (x < 0.5 or y > 0.0) else 0.0": "(x > 0.0) & ((x < 0.5) | (y > 0.0)) ? 1.0 : 0.0",
    "1.0 if (x < 0.0) != (y < 0.0) else 0.0": "(x < 0.0) != (y < 0.0) ? 1.0 : 0.0",
    "pow(x, y - 1.0)": "pow(x, y - 1.0)",
}


@pytest.mark.parametrize("text", TEXTS)
def test_an_expression(text):
    assert expression(text, str) == TEXTS[text]


def test_names_are_those_of_c():
    assert expression("exp(LN2 * x)", {"exp": "lane_exp", "LN2": "rule_LN2", "x": "x[k]"}.__getitem__) == (
        "lane_exp(rule_LN2 * x[k])"
    )


def test_a_function():
    source = """
def halved(x):
    total = 0.0
    while x > 1.0:
        x = x / 2.0
        total += fabs(x)
    if total == 0.0:
        return x
    else:
        return total
"""
    (tree,) = ast.parse(source).body
    assert (
        "\n".join(function(tree, str, "double halved(double x)"))
        == """double halved(double x) {
    double total;
    total = 0.0;
    while (x > 1.0) {
        x = x / 2.0;
        total += fabs(x);
    }
    if (total == 0.0) {
        return x;
    } else {
        return total;
    }
}
"""
    )


@pytest.mark.parametrize("text", ["x ** 2.0", "2 * x", "x[0]", "0.0 < x < 1.0", "f(x, key=y)", "x // y"])
def test_what_c_has_no_word_for(text):
    with pytest.raises(ValueError, match="cannot be written in C"):
        expression(text, str)
