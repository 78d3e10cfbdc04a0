"""What to use in place of compiled functions of SciPy and NumPy, which take floats: said where one was given a recorded
number.
"""

from __future__ import annotations

import os
from types import TracebackType

OWN = (f"aadlib{os.sep}", os.path.dirname(os.path.dirname(__file__)))
"""Where source files of this package begin: compiled modules name theirs from its root."""

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

EIGENVALUES = (
    "of a symmetric matrix use np.linalg.eigh or eigvalsh; a real eigenvalue v of another is "
    "ad.root(lambda v, a: np.linalg.det(a - v * np.eye(n)), v0, a), v0 from np.linalg.eigvals(ad.value_of(a)).real"
)
POLYNOMIAL_ROOTS = (
    "a real root z is ad.root(lambda z, c: np.polyval(c, z), z0, c), with polyval or its like in the basis and z0 from "
    "the roots of ad.value_of(c)"
)

NUMPY_ADVICE = {
    "eig": EIGENVALUES,
    "eigvals": EIGENVALUES,
    "matrix_rank": "it is a whole number; take that of ad.value_of(a)",
    "tensorsolve": "reshape to a matrix and use np.linalg.solve",
    "tensorinv": "reshape to a matrix and use np.linalg.inv",
    "fit": "use np.polyfit, or np.linalg.lstsq of a Vandermonde matrix (polyvander, chebvander, ...)",
    "roots": POLYNOMIAL_ROOTS,
}
"""What stands for functions of NumPy that are not recorded, by name; of polynomials by the name's end."""

SIGNS = (
    "ADVar", "Condition", "ADArray", "dtype('O')", "dtype object", "object array", "not supported for the input types",
    "arrays used as indices", "proper array of floats", "no callable", "not subscriptable",
    "could not be safely coerced", "dtype('object')",
)  # fmt: skip
"""What errors say that come from a recorded number where a float was wanted."""


def _scipy_package(file: str) -> str | None:
    """Return the package of SciPy a source file belongs to."""
    _, inside, rest = file.rpartition(f"{os.sep}scipy{os.sep}")
    package = rest.partition(os.sep)[0]
    return package if inside and not package.startswith("_") else None


def advice_on(error: BaseException, traceback: TracebackType | None) -> str | None:
    """Return what to use instead, where an error says that SciPy or NumPy was given a recorded number."""
    text = str(error)
    if not any(sign in text for sign in SIGNS):
        return None
    within_numpy = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if (package := _scipy_package(code.co_filename)) is not None:
            distribution = traceback.tb_frame.f_locals.get("self")
            distribution = getattr(distribution, "dist", distribution)
            what = f"norm.{code.co_name}" if getattr(distribution, "name", "") == "norm" else code.co_name
            return f"scipy.{package}, in {what}(), takes floats: " + _sentence(package, what)
        if f"{os.sep}numpy{os.sep}" in code.co_filename:
            within_numpy = within_numpy or code.co_name
        elif not code.co_filename.startswith(OWN):  # a function that NumPy called
            within_numpy = None
        traceback = traceback.tb_next
    return None if within_numpy is None else numpy_refusal("numpy", within_numpy)


def numpy_refusal(module: str, function: str) -> str:
    """Return that a function of NumPy is not recorded, and what to use."""
    advice = next((text for name, text in NUMPY_ADVICE.items() if function.endswith(name)), None)
    return f"{module}.{function} cannot be recorded: " + (
        advice or "write it with sums and products, or record a composite"
    )


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
