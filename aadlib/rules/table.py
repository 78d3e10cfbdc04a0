"""The table of elementary operations: the only place where a derivative is written.

One row per operation: its value, first and second partials as text over the arguments `x`, `y` and the
result `v`. The syntax is the common subset of Python, Cython and numba, so one text serves every backend;
`aadlib.codegen.generate_rules` turns the table into compiled code. An operation's code is its position here.

Conventions at the edges, stated once and tested row by row:

- Outside its domain a value is NaN and at a pole it is infinite, as in C; nothing raises while recording.
- A kink has the derivative halfway between its sides: 0 for `abs` at 0, one half each for a tie of `maximum`.
- A step (`sign`, `floor`, `greater`, ...) has derivative zero everywhere; `stop_gradient` by decree, so it is no kink.
- `sqrt` and `cbrt` at 0 have infinite derivatives; `square` at 0 has partials 0 and 2.
- `power`: 0**0 = 1 with d/dx = 0; in the exponent the derivative of 0**y is 0 for y > 0 and -inf at y = 0.
  At a negative base it is NaN; alone of all partials that are not finite, no sweep takes notice of this one.
- A zero partial or adjoint ends a chain: 0 times infinity is 0 in every sweep. So the branch of a `where`
  that was not taken contributes nothing, whatever it contains. Where the zero only happens to be one the result is not
  determined: `aadlib.singular` tells the two apart, by `dead` below, and warns. A root of a sum of squares at 0 is a
  corner, so `norm` at the origin has gradient 0.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

__all__ = ["CANCELLING", "CODES", "HELPERS", "KNOWN_NAMES", "RULES", "Rule"]

CONSTANTS = ("LN2", "LN10", "SQRT_HALF", "INV_SQRT_2PI", "TWO_OVER_SQRT_PI")

LIBRARY = (
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "pow", "fabs", "floor", "ceil", "trunc",
    "copysign", "fmod", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "erf", "erfc", "tgamma", "lgamma", "hypot",
)  # fmt: skip
"""Functions every backend has under its own name for them."""

HELPERS = (
    "cube_root", "round_half_even", "normal_quantile", "inverse_erf", "normal_hazard", "log_normal_cdf",
    "log_cdf_curvature", "digamma", "trigamma", "tetragamma",
)  # fmt: skip
"""Scalar functions of `aadlib.rules.special`, compiled for each backend from the same source."""

KNOWN_NAMES = frozenset({"x", "y", "v", *CONSTANTS, *LIBRARY, *HELPERS})

NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
WORDS = frozenset({"if", "else", "and", "or", "not"})
"""What looks like a name in a text and is none; to walk every text's tree would be a twentieth of an import."""

MARKS = ("fixed_x", "fixed_y", "growth_x", "growth_y", "squares_x")
"""What conditions of dead operands may ask besides."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One elementary operation.

    Parameters
    ----------
    name : str, NumPy's name for it where NumPy has it.
    value : str, expression over x (and y).
    first : tuple of str, (dx,) or (dx, dy), over x, y and the result v.
    second : tuple of str, (dxx,) or (dxx, dxy, dyy).
    domain : str, where the value is a finite number; "" for the whole line.
    smooth : bool, False where a kink, a step or a switch is possible.
    meaning : str, what the function of that name in `aadlib` returns; "" for operations that have no such function.
    plain : str, what computes it on floats and float arrays: a function of SciPy by its dotted name, or an expression
        over x, y and np; "" for NumPy's function of the same name.
    also : tuple of str, further names of it.
    symbol : str, what a drawing of the graph shows; "" for the name.
    commutes : bool, whether the operands may be exchanged.
    dead : tuple of str, per operand a condition under which the operation does not depend on it at all near a point,
        so that nothing is multiplied by the infinities behind it: over x, y, v; fixed_x, fixed_y (no active input moves
        the operand); growth_x, growth_y (of an infinite operand: 1.0 where it grows as a logarithm at least, 2.0 as a
        power); squares_x (a sum of squares, whose root is a length).
    makes : str, how an infinity grows that it makes of finite operands: "power", "log", or "" for unknown.
    keeps : str, what it makes of the growth of an infinite operand: "all" as it is, "power" that of a power alone, ""
        nothing.
    squares : str, how it makes a sum of squares: a "square", a "sum" or a "multiple" of such.

    Raises
    ------
    ValueError
        When a partial is missing, a text is not an expression or uses an unknown name.
    """

    name: str
    value: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    domain: str = ""
    smooth: bool = True
    meaning: str = ""
    plain: str = ""
    also: tuple[str, ...] = ()
    symbol: str = ""
    commutes: bool = False
    dead: tuple[str, ...] = ()
    makes: str = ""
    keeps: str = ""
    squares: str = ""

    def __post_init__(self) -> None:
        if (len(self.first), len(self.second)) not in {(1, 1), (2, 3)}:
            raise ValueError(
                f"rule {self.name!r} has {len(self.first)} first and {len(self.second)} second partials: "
                "give (dx,) with (dxx,), or (dx, dy) with (dxx, dxy, dyy)"
            )
        dead = [text for text in self.dead if text]
        for text in (
            self.value,
            *self.first,
            *self.second,
            *([self.domain] if self.domain else []),
            *dead,
        ):
            if not text:
                raise ValueError(
                    f"rule {self.name!r} has an empty text: write the partial, '0.0' where it vanishes"
                )
            ast.parse(text, mode="eval")
            names = set(NAME.findall(text)) - WORDS
            if unknown := names - KNOWN_NAMES - set(MARKS if text in dead else ()):
                raise ValueError(f"rule {self.name!r} uses unknown names {sorted(unknown)} in {text!r}")
            if self.arity == 1 and "y" in names:
                raise ValueError(f"rule {self.name!r} has one argument and uses y in {text!r}")

    @property
    def arity(self) -> int:
        """Number of operands, 1 or 2."""
        return len(self.first)

    @property
    def linear(self) -> bool:
        """Whether every second partial vanishes identically."""
        return all(text == "0.0" for text in self.second)

    @property
    def step(self) -> bool:
        """Whether every first partial vanishes identically: a floor-like operation."""
        return all(text == "0.0" for text in self.first)


LN2 = 0.6931471805599453
NONE = ("0.0", "0.0", "0.0")
SIGN = "(1.0 if x > 0.0 else (-1.0 if x < 0.0 else (0.0 if x == 0.0 else x)))"
LOGISTIC = "(1.0 if {0} > 0.0 else exp(-fabs({0}))) / (1.0 + exp(-fabs({0})))"
LOGISTIC_SLOPE = "exp(-fabs({0})) / ((1.0 + exp(-fabs({0}))) * (1.0 + exp(-fabs({0}))))"
SLOPE_X = LOGISTIC_SLOPE.format("x")
SLOPE_XY = f"0.25 if x == y else {LOGISTIC_SLOPE.format('x - y')}"
DENSITY = "INV_SQRT_2PI * exp(-0.5 * x * x)"
TAIL_X = (
    "(0.0 if fabs(x) > 39.0 else -x)"  # times the density, which is 0 there: no product of 0 and infinity
)
TAIL_2X = "(0.0 if fabs(x) > 28.0 else 2.0 * x)"  # the same for exp(-x**2)
NEGATIVE_X = "(0.0 if fabs(x) > 1e160 else -x)"  # over the square of x, which is infinite there
TAIL_SLOPE = (  # exp(v * v) would lose digits in the tail
    "(SQRT_HALF / normal_hazard(-60.0 if v > 42.0 else -v / SQRT_HALF) / x)"
)
QUANTILE_SLOPE = (  # one over the density: the hazard times the probability of the tail
    "(1.0 / normal_hazard(-(40.0 if fabs(v) > 40.0 else fabs(v))) / (x if v < 0.0 else 1.0 - x))"
)
ARCTAN_SLOPE = "(1.0 / (1.0 + x * x))"
ARC = "((1.0 - x) * (1.0 + x))"
ARC_OUTSIDE = "(sqrt(x - 1.0) * sqrt(x + 1.0))"
X_SHARE = "(x / hypot(x, y))"
Y_SHARE = "(y / hypot(x, y))"
TURNED = "(fmod(x, y) != 0.0 and ((fmod(x, y) < 0.0) != (y < 0.0)))"
REMAINDER = f"(fmod(x, y) + (y if {TURNED} else 0.0))"
FIXED_ZERO = ("fixed_y and y == 0.0", "fixed_x and x == 0.0")
POWERS_OF = ("fixed_y and y == 0.0", "fixed_x and (x == 1.0 or (x == 0.0 and y > 0.0))")
BELL = ("growth_x >= 1.0 and x == x",)  # the tails outrun every power
DECAY = ("growth_x >= 2.0 and x < 0.0",)
BOTH_TAILS = ("growth_x >= 2.0 and x == x",)
QUOTIENT = f"(x / y if y == 0.0 else floor((x - fmod(x, y)) / y + 0.5) - (1.0 if {TURNED} else 0.0))"

# fmt: off
RULES: tuple[Rule, ...] = (
    # arithmetic
    Rule("add", "x + y", ("1.0", "1.0"), NONE, commutes=True, symbol="+", makes="power", keeps="all", squares="sum"),
    Rule("subtract", "x - y", ("1.0", "-1.0"), NONE, symbol="-", makes="power", keeps="all"),
    Rule("multiply", "x * y", ("y", "x"), ("0.0", "1.0", "0.0"), commutes=True, symbol="*",
         dead=FIXED_ZERO, makes="power", keeps="all", squares="multiple"),
    Rule("divide", "x / y", ("1.0 / y", "-v / y"), ("0.0", "-1.0 / (y * y)", "2.0 * (v / y) / y"), "y != 0.0",
         symbol="/", dead=("", "fixed_x and x == 0.0"), makes="power", keeps="all", squares="multiple"),
    Rule("power", "pow(x, y)",
         ("(0.0 if y == 0.0 else y * pow(x, y - 1.0))", "(0.0 if (x == 0.0 and y > 0.0) else v * log(x))"),
         ("(0.0 if (y == 0.0 or y == 1.0) else y * (y - 1.0) * pow(x, y - 2.0))",
          "(0.0 if (x == 0.0 and y > 1.0) else pow(x, y - 1.0) * (1.0 + y * log(x)))",
          "(0.0 if (x == 0.0 and y > 0.0) else v * log(x) * log(x))"),
         "x > 0.0", meaning="x to the y; 0**0 is 1", symbol="^", dead=POWERS_OF, makes="power", keeps="power"),
    Rule("negative", "-x", ("-1.0",), ("0.0",), symbol="-( )", keeps="all"),
    Rule("square", "x * x", ("2.0 * x",), ("2.0",), meaning="x squared", symbol="( )^2",
         makes="power", keeps="all", squares="square"),
    Rule("reciprocal", "1.0 / x", ("-v * v",), ("2.0 * v * v * v",), "x != 0.0", meaning="1 / x", symbol="1/( )",
         makes="power"),
    Rule("sqrt", "sqrt(x)", ("0.5 / v",), ("-0.25 / (v * x)",), "x > 0.0",
         meaning="the square root; its derivatives at 0 are infinite", dead=("x == 0.0 and squares_x",), keeps="power"),
    Rule("cbrt", "cube_root(x)", ("1.0 / (3.0 * v * v)",), ("-2.0 / (9.0 * v * v * x)",), "x != 0.0",
         meaning="the real cube root; its derivatives at 0 are infinite", keeps="power"),
    Rule("hypot", "hypot(x, y)", ("(x / v if v > 0.0 else 0.0)", "(y / v if v > 0.0 else 0.0)"),
         ("(y / v) * (y / v / v)", "-(x / v) * (y / v / v)", "(x / v) * (x / v / v)"), "x != 0.0 or y != 0.0",
         meaning="sqrt(x**2 + y**2)", keeps="all"),
    # two operations in a row where the first has an infinite partial that the second one cancels: freezing a recording
    # puts these in their place (`aadlib.program.passes`)
    Rule("root_squared", "sqrt(x) * sqrt(x)", ("1.0",), ("0.0",), "x >= 0.0", plain="np.square(np.sqrt(x))",
         symbol="sqrt( )^2"),
    Rule("hypot_squared", "hypot(x, y) * hypot(x, y)", ("2.0 * x", "2.0 * y"), ("2.0", "0.0", "2.0"),
         plain="np.square(np.hypot(x, y))", symbol="hypot^2", squares="square"),
    Rule("root_power", "pow(sqrt(x), y)",
         ("(0.0 if y == 0.0 else 0.5 * y * pow(x, 0.5 * y - 1.0))",
          "(0.0 if (x == 0.0 and y > 0.0) else 0.5 * v * log(x))"),
         ("(0.0 if (y == 0.0 or y == 2.0) else 0.25 * y * (y - 2.0) * pow(x, 0.5 * y - 2.0))",
          "(0.0 if (x == 0.0 and y > 2.0) else pow(x, 0.5 * y - 1.0) * (0.5 + 0.25 * y * log(x)))",
          "(0.0 if (x == 0.0 and y > 0.0) else 0.25 * v * log(x) * log(x))"),
         "x > 0.0", plain="np.power(np.sqrt(x), y)", symbol="sqrt( )^", dead=POWERS_OF),
    Rule("cbrt_cubed", "pow(cube_root(x), 3.0)", ("1.0",), ("0.0",), plain="np.power(np.cbrt(x), 3.0)",
         symbol="cbrt( )^3"),
    Rule("exp_log", "exp(log(x))", ("1.0",), ("0.0",), "x >= 0.0", plain="np.exp(np.log(x))", symbol="exp log"),
    Rule("exp_log_power", "exp(y * log(x))",
         ("(0.0 if y == 0.0 else y * pow(x, y - 1.0))", "(0.0 if (x == 0.0 and y > 0.0) else v * log(x))"),
         ("(0.0 if (y == 0.0 or y == 1.0) else y * (y - 1.0) * pow(x, y - 2.0))",
          "(0.0 if (x == 0.0 and y > 1.0) else pow(x, y - 1.0) * (1.0 + y * log(x)))",
          "(0.0 if (x == 0.0 and y > 0.0) else v * log(x) * log(x))"),
         "x > 0.0", plain="np.exp(y * np.log(x))", symbol="exp log", dead=POWERS_OF),
    Rule("twice_reciprocal", "1.0 / (1.0 / x)", ("1.0",), ("0.0",), plain="np.reciprocal(np.reciprocal(x))",
         symbol="1/(1/( ))"),
    # exponentials and logarithms
    Rule("exp", "exp(x)", ("v",), ("v",), meaning="e to the x", dead=DECAY, makes="power"),
    Rule("exp2", "exp2(x)", ("LN2 * v",), ("LN2 * LN2 * v",), meaning="2 to the x", dead=DECAY, makes="power"),
    Rule("expm1", "expm1(x)", ("exp(x)",), ("exp(x)",), meaning="e to the x, less 1, without cancellation",
         dead=DECAY, makes="power"),
    Rule("log", "log(x)", ("1.0 / x",), ("-1.0 / (x * x)",), "x > 0.0", meaning="the natural logarithm", makes="log"),
    Rule("log1p", "log1p(x)", ("1.0 / (1.0 + x)",), ("-1.0 / ((1.0 + x) * (1.0 + x))",), "x > -1.0",
         meaning="log(1 + x) without cancellation", makes="log"),
    Rule("log2", "log2(x)", ("1.0 / (LN2 * x)",), ("-1.0 / (LN2 * x * x)",), "x > 0.0",
         meaning="the logarithm to base 2", makes="log"),
    Rule("log10", "log10(x)", ("1.0 / (LN10 * x)",), ("-1.0 / (LN10 * x * x)",), "x > 0.0",
         meaning="the logarithm to base 10", makes="log"),
    Rule("logaddexp", "(x + LN2 if x == y else (x if x > y else y) + log1p(exp(-fabs(x - y))))",
         (f"(0.5 if x == y else {LOGISTIC.format('x - y')})", f"(0.5 if x == y else {LOGISTIC.format('y - x')})"),
         (f"({SLOPE_XY})", f"-({SLOPE_XY})", f"({SLOPE_XY})"), meaning="log(exp(x) + exp(y)) without overflow",
         dead=("growth_x >= 2.0 and x < 0.0", "growth_y >= 2.0 and y < 0.0")),
    Rule("softplus", "(x if x > 0.0 else 0.0) + log1p(exp(-fabs(x)))", (LOGISTIC.format("x"),), (SLOPE_X,),
         plain="np.logaddexp(0.0, x)", dead=DECAY),
    Rule("sigmoid", LOGISTIC.format("x"), (SLOPE_X,), (f"-tanh(0.5 * x) * {SLOPE_X}",), meaning="1 / (1 + exp(-x))",
         plain="scipy.special.expit", dead=BOTH_TAILS),
    Rule("log_sigmoid", "(x if x < 0.0 else 0.0) - log1p(exp(-fabs(x)))", (LOGISTIC.format("-x"),), (f"-({SLOPE_X})",),
         meaning="log(sigmoid(x)) without underflow", plain="scipy.special.log_expit"),
    Rule("log1mexp", "(log(-expm1(x)) if x > -LN2 else log1p(-exp(x)))", ("exp(x) / expm1(x)",),
         ("-(exp(x) / expm1(x)) / expm1(x)",), "x < 0.0", meaning="log(1 - exp(x)) of negative x, without cancellation",
         plain="np.where(x > -LN2, np.log(-np.expm1(x)), np.log1p(-np.exp(x)))[()]".replace("LN2", repr(LN2))),
    Rule("xlogy", "(0.0 if (x == 0.0 and y == y) else x * log(y))", ("(log(y) if y >= 0.0 else sqrt(y))", "x / y"),
         ("0.0", "1.0 / y", "-x / y / y"), "y > 0.0", meaning="x log(y); 0 at x = 0", plain="scipy.special.xlogy"),
    # trigonometric and hyperbolic
    Rule("sin", "sin(x)", ("cos(x)",), ("-v",), meaning="the sine"),
    Rule("cos", "cos(x)", ("-sin(x)",), ("-v",), meaning="the cosine"),
    Rule("tan", "tan(x)", ("1.0 + v * v",), ("2.0 * v * (1.0 + v * v)",), meaning="the tangent"),
    Rule("arcsin", "asin(x)", (f"1.0 / sqrt{ARC}",), (f"x / ({ARC} * sqrt{ARC})",), "-1.0 < x and x < 1.0",
         meaning="the inverse sine"),
    Rule("arccos", "acos(x)", (f"-1.0 / sqrt{ARC}",), (f"-x / ({ARC} * sqrt{ARC})",), "-1.0 < x and x < 1.0",
         meaning="the inverse cosine"),
    Rule("arctan", "atan(x)", ("1.0 / (1.0 + x * x)",),
         (f"2.0 * {NEGATIVE_X} * {ARCTAN_SLOPE} * {ARCTAN_SLOPE}",),
         meaning="the inverse tangent"),
    Rule("arctan2", "atan2(x, y)", (f"{Y_SHARE} / hypot(x, y)", f"-{X_SHARE} / hypot(x, y)"),
         (f"-2.0 * {X_SHARE} * {Y_SHARE} / hypot(x, y) / hypot(x, y)",
          f"({X_SHARE} - {Y_SHARE}) * ({X_SHARE} + {Y_SHARE}) / hypot(x, y) / hypot(x, y)",
          f"2.0 * {X_SHARE} * {Y_SHARE} / hypot(x, y) / hypot(x, y)"),
         "x != 0.0 or y != 0.0", meaning="the angle of the point (y, x)"),
    Rule("sinh", "sinh(x)", ("cosh(x)",), ("v",), meaning="the hyperbolic sine"),
    Rule("cosh", "cosh(x)", ("sinh(x)",), ("v",), meaning="the hyperbolic cosine"),
    Rule("tanh", "tanh(x)", ("1.0 / (cosh(x) * cosh(x))",), ("-2.0 * v / (cosh(x) * cosh(x))",),
         meaning="the hyperbolic tangent", dead=BOTH_TAILS),
    Rule("arcsinh", "asinh(x)", ("1.0 / hypot(1.0, x)",),
         (f"{NEGATIVE_X} / hypot(1.0, x) / (hypot(1.0, x) * hypot(1.0, x))",), meaning="the inverse hyperbolic sine"),
    Rule("arccosh", "acosh(x)", (f"1.0 / {ARC_OUTSIDE}",), (f"{NEGATIVE_X} / (x - 1.0) / (x + 1.0) / {ARC_OUTSIDE}",),
         "x > 1.0", meaning="the inverse hyperbolic cosine"),
    Rule("arctanh", "atanh(x)", (f"1.0 / {ARC}",), (f"2.0 * x / ({ARC} * {ARC})",), "-1.0 < x and x < 1.0",
         meaning="the inverse hyperbolic tangent", makes="log"),
    # the normal distribution, error and gamma functions
    Rule("norm_cdf", "0.5 * erfc(-SQRT_HALF * x)", (DENSITY,), (f"{TAIL_X} * {DENSITY}",),
         meaning="the standard normal distribution function", plain="scipy.special.ndtr", symbol="N", dead=BELL),
    Rule("norm_pdf", DENSITY, (f"{TAIL_X} * v",), ("(0.0 if fabs(x) > 39.0 else (x - 1.0) * (x + 1.0)) * v",),
         meaning="the standard normal density",
         plain="0.3989422804014327 * np.exp(-0.5 * np.square(x))", symbol="n", dead=BELL),
    Rule("norm_ppf", "normal_quantile(x)", (QUANTILE_SLOPE,), (f"v * {QUANTILE_SLOPE} * {QUANTILE_SLOPE}",),
         "0.0 < x and x < 1.0", meaning="the standard normal quantile", plain="scipy.special.ndtri"),
    Rule("erf", "erf(x)", ("TWO_OVER_SQRT_PI * exp(-x * x)",), (f"{TAIL_2X} * -TWO_OVER_SQRT_PI * exp(-x * x)",),
         meaning="the error function", plain="scipy.special.erf", dead=BELL),
    Rule("erfc", "erfc(x)", ("-TWO_OVER_SQRT_PI * exp(-x * x)",), (f"{TAIL_2X} * TWO_OVER_SQRT_PI * exp(-x * x)",),
         meaning="1 - erf(x) without cancellation", plain="scipy.special.erfc", dead=BELL),
    Rule("log_norm_cdf", "log_normal_cdf(x)", ("normal_hazard(x)",), ("log_cdf_curvature(x)",),
         meaning="the logarithm of the standard normal distribution function, tails included",
         plain="scipy.special.log_ndtr", symbol="log N"),
    Rule("erfinv", "inverse_erf(x)", ("exp(v * v) / TWO_OVER_SQRT_PI",),
         ("2.0 * v * (exp(v * v) / TWO_OVER_SQRT_PI) * (exp(v * v) / TWO_OVER_SQRT_PI)",), "-1.0 < x and x < 1.0",
         meaning="the inverse of erf", plain="scipy.special.erfinv"),
    Rule("erfcinv", "(inverse_erf(1.0 - x) if fabs(1.0 - x) < 0.5 else -SQRT_HALF * normal_quantile(0.5 * x))",
         (f"-{TAIL_SLOPE}",), (f"2.0 * v * {TAIL_SLOPE} * {TAIL_SLOPE}",), "0.0 < x and x < 2.0",
         meaning="the inverse of erfc", plain="scipy.special.erfcinv"),
    Rule("gamma", "tgamma(x)", ("v * digamma(x)",), ("v * (digamma(x) * digamma(x) + trigamma(x))",),
         "x > 0.0 or x != floor(x)", meaning="the gamma function", plain="scipy.special.gamma"),
    Rule("gammaln", "lgamma(x)", ("digamma(x)",), ("trigamma(x)",), "x > 0.0 or x != floor(x)",
         meaning="log |gamma(x)|", plain="scipy.special.gammaln"),
    Rule("digamma", "digamma(x)", ("trigamma(x)",), ("tetragamma(x)",), "x > 0.0 or x != floor(x)",
         meaning="the logarithmic derivative of the gamma function", plain="scipy.special.psi"),
    # kinks
    Rule("absolute", "fabs(x)", (SIGN,), ("0.0",), smooth=False, meaning="|x|; a kink with derivative 0 at 0",
         also=("abs", "fabs"), symbol="| |", keeps="all"),
    Rule("maximum", "(x if (x >= y or x != x) else y)",
         ("(1.0 if x > y else (0.5 if x == y else 0.0))", "(1.0 if y > x else (0.5 if x == y else 0.0))"), NONE,
         smooth=False, meaning="the larger one; at a tie the derivative is shared half and half", symbol="max",
         dead=("y > x", "x > y"), keeps="all"),
    Rule("minimum", "(x if (x <= y or x != x) else y)",
         ("(1.0 if x < y else (0.5 if x == y else 0.0))", "(1.0 if y < x else (0.5 if x == y else 0.0))"), NONE,
         smooth=False, meaning="the smaller one; at a tie the derivative is shared half and half", symbol="min",
         dead=("y < x", "x < y"), keeps="all"),
    Rule("copysign", "copysign(x, y)", ("copysign(1.0, x) * copysign(1.0, y)", "0.0"), NONE, smooth=False,
         meaning="|x| with the sign of y"),
    Rule("fmod", "fmod(x, y)", ("1.0", "-round_half_even((x - v) / y)"), NONE, "y != 0.0", smooth=False,
         dead=("", "round_half_even((x - v) / y) == 0.0")),
    Rule("remainder", REMAINDER, ("1.0", "-floor((x - v) / y + 0.5)"), NONE, "y != 0.0", smooth=False,
         dead=("", "floor((x - v) / y + 0.5) == 0.0")),
    # steps
    Rule("sign", SIGN, ("0.0",), ("0.0",), smooth=False, meaning="-1, 0 or 1; a step"),
    Rule("floor", "floor(x)", ("0.0",), ("0.0",), smooth=False, meaning="the largest integer not above x; a step"),
    Rule("ceil", "ceil(x)", ("0.0",), ("0.0",), smooth=False, meaning="the smallest integer not below x; a step"),
    Rule("trunc", "trunc(x)", ("0.0",), ("0.0",), smooth=False),
    Rule("rint", "round_half_even(x)", ("0.0",), ("0.0",), smooth=False),
    Rule("floor_divide", QUOTIENT, ("0.0", "0.0"), NONE, "y != 0.0", smooth=False),
    Rule("greater", "(1.0 if x > y else 0.0)", ("0.0", "0.0"), NONE, smooth=False),
    Rule("greater_equal", "(1.0 if x >= y else 0.0)", ("0.0", "0.0"), NONE, smooth=False),
    Rule("equal", "(1.0 if x == y else 0.0)", ("0.0", "0.0"), NONE, smooth=False),
    Rule("not_equal", "(1.0 if x != y else 0.0)", ("0.0", "0.0"), NONE, smooth=False),
    Rule("logical_and", "(1.0 if (x != 0.0 and y != 0.0) else 0.0)", ("0.0", "0.0"), NONE, smooth=False,
         also=("bitwise_and",)),
    Rule("logical_or", "(1.0 if (x != 0.0 or y != 0.0) else 0.0)", ("0.0", "0.0"), NONE, smooth=False,
         also=("bitwise_or",)),
    # the two halves of `where`: x where the condition y holds (does not hold), else 0
    Rule("where_true", "(x if y != 0.0 else 0.0)", ("(1.0 if y != 0.0 else 0.0)", "0.0"), NONE, smooth=False,
         plain="np.where(y != 0.0, x, 0.0)", dead=("y == 0.0",), keeps="all"),
    Rule("where_false", "(0.0 if y != 0.0 else x)", ("(0.0 if y != 0.0 else 1.0)", "0.0"), NONE, smooth=False,
         plain="np.where(y != 0.0, 0.0, x)", dead=("y != 0.0",), keeps="all"),
    # the value without its derivatives
    Rule("stop_gradient", "x", ("0.0",), ("0.0",), meaning="x as it is, with derivative zero", plain="x"),
)
# fmt: on

CODES: dict[str, int] = {rule.name: code for code, rule in enumerate(RULES)}

if len(CODES) != len(RULES):
    raise ValueError("two rules share a name")

PAIRED = ("add", "subtract", "multiply", "divide")
"""Operations that the schedule of a program takes in pairs."""

CANCELLING = {
    ("square", "sqrt"): "root_squared", ("multiply", "sqrt"): "root_squared", ("square", "hypot"): "hypot_squared",
    ("multiply", "hypot"): "hypot_squared", ("power", "sqrt"): "root_power", ("power", "cbrt"): "cbrt_cubed",
    ("exp", "log"): "exp_log", ("exp", "multiply"): "exp_log_power", ("reciprocal", "reciprocal"): "twice_reciprocal",
    ("reciprocal", "divide"): "twice_reciprocal", ("divide", "reciprocal"): "twice_reciprocal",
    ("divide", "divide"): "twice_reciprocal", ("log", "norm_cdf"): "log_norm_cdf", ("square", "absolute"): "square",
    ("multiply", "absolute"): "square",
}  # fmt: skip
"""The second operation of two in a row and the first, and what stands in their place where operands fit."""

LOGARITHM, CUBED = "log", "cbrt_cubed"
"""What `exp_log_power` is made of besides, and what takes the exponent 3 alone."""
