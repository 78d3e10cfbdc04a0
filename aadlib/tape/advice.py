"""What to use in place of SciPy's compiled functions, which take floats: said where one was given a recorded number."""

from __future__ import annotations

import os
from types import TracebackType

STANDARD = "with z = (x - loc) / scale"

NORMAL = {
    "cdf": f"ad.norm_cdf(z), {STANDARD}",
    "sf": f"ad.norm_cdf(-z), {STANDARD}",
    "logcdf": f"ad.log_norm_cdf(z), {STANDARD}",
    "logsf": f"ad.log_norm_cdf(-z), {STANDARD}",
    "pdf": f"ad.norm_pdf(z) / scale, {STANDARD}",
    "logpdf": f"-0.5 * z**2 - np.log(scale * np.sqrt(2 * np.pi)), {STANDARD}",
    "ppf": "loc + scale * ad.norm_ppf(x)",
    "isf": "loc - scale * ad.norm_ppf(x)",
}
"""What stands for the functions of scipy.stats.norm."""

LOGSUMS = {
    "logsumexp": "np.logaddexp.reduce(x, axis=...)",
    "log_softmax": "x - np.logaddexp.reduce(x, axis=..., keepdims=True)",
    "softmax": "np.exp(x - np.logaddexp.reduce(x, axis=..., keepdims=True))",
}
"""What stands for sums of exponentials in scipy.special."""

ROOT = "ad.root(f, x0, *params) solves by any of these (solver=) and is differentiated exactly, twice"

ADVICE = {
    "optimize": f"{ROOT}; for a minimum, the root of its gradient",
    "stats": "of the normal distribution use ad.norm_cdf, ad.norm_pdf, ad.norm_ppf or ad.log_norm_cdf of "
    "(x - loc) / scale; write other densities out with the functions of NumPy and scipy.special",
    "integrate": "fixed_quad, simpson and trapezoid are recorded, quad and the integrators of differential equations "
    "are not: write the rule or the steps with NumPy",
    "interpolate": "a spline is linear in its values: make the matrix of weights from floats, `CubicSpline(x, "
    "np.eye(n))(at) @ y`, or use np.interp",
    "linalg": "those of np.linalg are recorded (solve, inv, det, slogdet, cholesky, qr, eigh, svd, lstsq, pinv)",
    "special": "functions that have a row are recorded (ndtr, log_ndtr, ndtri, erf, erfc, erfinv, erfcinv, expit, "
    "logit, log_expit, xlogy, gamma, gammaln, psi, ...); write others out, or record an aadlib.Composite",
}
"""One sentence for each package of SciPy."""

SIGNS = (
    "ADVar", "Condition", "ADArray", "dtype('O')", "dtype object", "object array", "not supported for the input types",
    "arrays used as indices", "proper array of floats", "no callable", "not subscriptable",
    "could not be safely coerced",
)  # fmt: skip
"""What errors say that come from a recorded number where a float was wanted."""


def _scipy_package(file: str) -> str | None:
    """Return the package of SciPy a source file belongs to."""
    _, inside, rest = file.rpartition(f"{os.sep}scipy{os.sep}")
    package = rest.partition(os.sep)[0]
    return package if inside and not package.startswith("_") else None


def scipy_advice(error: BaseException, traceback: TracebackType | None) -> str | None:
    """Return what to use instead, where an error says that SciPy was given a recorded number."""
    text = str(error)
    if not any(sign in text for sign in SIGNS):
        return None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if (package := _scipy_package(code.co_filename)) is not None:
            distribution = traceback.tb_frame.f_locals.get("self")
            distribution = getattr(distribution, "dist", distribution)
            what = f"norm.{code.co_name}" if getattr(distribution, "name", "") == "norm" else code.co_name
            return f"scipy.{package}, in {what}(), takes floats: " + _sentence(package, what)
        traceback = traceback.tb_next
    return None


def _sentence(package: str, function: str) -> str:
    if function in LOGSUMS:
        return f"for {function}(x) use {LOGSUMS[function]}"
    name = function.removeprefix("norm.")
    if name != function and name in NORMAL:
        return f"for {function}(x, loc, scale) use {NORMAL[name]}"
    return ADVICE.get(package, "write it with the functions of NumPy, or record an aadlib.Composite")


def steered_by_scipy(file: str) -> str | None:
    """Return what to say of a comparison that was made inside an optimizer of SciPy: it froze the number of steps."""
    if _scipy_package(file) != "optimize":
        return None
    return f"scipy.optimize steered its steps by recorded numbers, which a replay could not repeat: {ROOT}"
