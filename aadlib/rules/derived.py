"""Functions of scipy.special that are formulas of rows: no operations of their own."""

from __future__ import annotations

DERIVED = {
    "logit": "log(x) - log1p(-x)",
    "exp10": "exp(LN10 * x)",
    "loggamma": "lgamma(x)",
    "rgamma": "1.0 / tgamma(x)",
    "betaln": "lgamma(x) + lgamma(y) - lgamma(x + y)",
    "beta": "exp(lgamma(x) + lgamma(y) - lgamma(x + y))",
    "xlog1py": "xlogy(x, 1.0 + y)",
    "entr": "-xlogy(x, x)",
    "rel_entr": "xlogy(x, x) - xlogy(x, y)",
    "kl_div": "xlogy(x, x) - xlogy(x, y) - x + y",
    "boxcox": "(log(x) if y == 0.0 else (x**y - 1.0) / y)",
    "huber": "where_true(0.5 * y * y, fabs(y) <= x) + where_false(x * (fabs(y) - 0.5 * x), fabs(y) <= x)",
}
"""By the names of scipy.special, in the syntax of the table."""
