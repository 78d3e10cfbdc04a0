"""One-line idioms of NumPy over an array x of three positive numbers: what unmodified code is made of.

`SMOOTH` must record without a guard, `BRANCHING` may freeze a branch. Each is a function of x alone.
"""

from __future__ import annotations

import functools
import operator

import numpy as np

M = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]])
T = np.linspace(0.0, 1.0, 5)
KNOTS = [0.0, 0.5, 1.0]


HOLES = np.array([1.0, np.nan, 0.5])


def added(x, places):
    """Add numbers up in places."""
    total = np.zeros(len(x))
    np.add.at(total, places, x)
    return total


def plus_diagonal(x):
    """Return a symmetric positive definite matrix that depends on x."""
    return M + np.diag(x)


def written(x, target):
    """Fill `target` with recorded numbers, one at a time."""
    for k in range(len(x)):
        target[k] = x[k] ** 2
    return target


def assigned(x, key, value):
    y = x.copy()
    y[key] = value
    return y


def scaled_in_place(x):
    y = x.copy()
    y **= 3
    y /= 2
    y -= 1
    y[1:] *= x[:-1]
    return y


SMOOTH = {
    # making arrays
    "empty_like": lambda x: written(x, np.empty_like(x)).sum(),
    "zeros_like": lambda x: written(x, np.zeros_like(x)).sum(),
    "copy": lambda x: (np.copy(x) ** 2).sum(),
    "assign": lambda x: (assigned(x, 0, 3.0) ** 2).sum(),
    "assign slice": lambda x: (assigned(x, slice(1, None), x[:2] * 2.0) ** 2).sum(),
    "in place": lambda x: scaled_in_place(x).sum(),
    "asarray": lambda x: np.exp(np.asarray(x)).sum(),
    "array": lambda x: np.cos(np.array(x)).mean(),
    "array of numbers": lambda x: np.exp(np.array([x[0], x[1] * x[2]])).sum(),
    "nested array": lambda x: np.linalg.norm(np.array([[x[0], 0.0], [0.0, x[1]]])),
    "list into exp": lambda x: np.sum(np.exp([x[0], x[1]])),
    "list into sum": lambda x: np.sum([x[0], x[1] ** 2, 1.0]),
    "list into prod": lambda x: np.prod([x[0], 2, x[1]]),
    "list into dot": lambda x: np.dot([x[0], x[1]], [x[1], x[2]]),
    "list into norm": lambda x: np.linalg.norm([x[0], x[1]]),
    "list into mean": lambda x: np.mean([x[0] ** 2, x[1]]),
    "zero-dimensional": lambda x: np.exp(np.array(x[0])),
    "full": lambda x: (np.full(3, x[0]) * x).sum(),
    "full_like": lambda x: (np.full_like(x, 2.0) * x**2).sum(),
    "outer sum": lambda x: np.exp(x[:, None] - x[None, :]).sum(),
    # shapes
    "reshape": lambda x: (np.reshape(x, (3, 1)) * x).sum(),
    "ravel": lambda x: (np.outer(x, x).ravel() ** 2).sum(),
    "flatten": lambda x: (x.flatten() ** 2).sum(),
    "astype float": lambda x: (x.astype(float) ** 2).sum(),
    "atleast_2d": lambda x: (np.atleast_2d(x) @ x)[0],
    "expand_dims": lambda x: (np.expand_dims(x, 0) * x).sum(),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3)).prod(),
    "transpose": lambda x: np.transpose(np.outer(x, x**2))[0, 1],
    "swapaxes": lambda x: np.outer(x, x**2).swapaxes(0, 1)[0, 1],
    "concatenate": lambda x: (np.concatenate([x, x**2]) ** 2).sum(),
    "stack": lambda x: np.stack([x, x**2]).prod(),
    "vstack": lambda x: np.vstack([x, x**2]).prod(),
    "column_stack": lambda x: np.column_stack([x, x]).prod(),
    "block": lambda x: (np.block([[np.outer(x, x), M]]) ** 2).sum(),
    "r_": lambda x: (np.r_[x, 1.0] ** 2).sum(),
    "append": lambda x: (np.append(x, x[0]) ** 2).sum(),
    "insert": lambda x: (np.insert(x, 0, 1.0) ** 2).sum(),
    "delete": lambda x: (np.delete(x, 0) ** 2).sum(),
    "pad": lambda x: (np.pad(x, 1) ** 2).sum(),
    "tile": lambda x: np.tile(x, 2).prod(),
    "repeat": lambda x: np.repeat(x, 2).prod(),
    "split": lambda x: sum(part.sum() ** 2 for part in np.array_split(x, 2)),
    "flip": lambda x: (np.flip(x) * np.arange(3)).sum() ** 2,
    "roll": lambda x: np.roll(x, 1) @ x,
    "take": lambda x: np.take(x, [0, 2]).prod(),
    "triangle": lambda x: (np.tril(np.outer(x, x), -1) ** 2).sum(),
    "diag": lambda x: (np.diag(x) @ M @ np.diag(x)).sum(),
    "ix_": lambda x: np.outer(x, x)[np.ix_([0, 1], [1, 2])].sum(),
    "ellipsis": lambda x: x[..., 0] ** 2,
    "meshgrid": lambda x: np.prod(np.meshgrid(x, x)[0]),
    # sums and products
    "sum axis": lambda x: (np.sum(np.outer(x, x), axis=0) ** 2).sum(),
    "sum axes": lambda x: np.sum(np.outer(x, x), axis=(0, 1)),
    "sum initial": lambda x: np.sum(x**2, initial=2.0),
    "prod": lambda x: np.prod(x),
    "cumsum": lambda x: (x.cumsum() ** 2).sum(),
    "cumprod": lambda x: x.cumprod().sum(),
    "diff": lambda x: (np.diff(x, n=2) ** 2).sum(),
    "ediff1d": lambda x: (np.ediff1d(x) ** 2).sum(),
    "gradient": lambda x: (np.gradient(x) ** 2).sum(),
    "trapezoid": lambda x: np.trapezoid(x**2, dx=0.1),
    "average": lambda x: np.average(x**2, weights=[1.0, 2.0, 3.0]),
    "var": lambda x: x.var(ddof=1),
    "std": lambda x: np.std(x, ddof=1),
    "cov": lambda x: np.cov(np.outer(x, x)).sum(),
    "corrcoef": lambda x: np.corrcoef(x, x**2)[0, 1],
    "trace": lambda x: np.trace(np.outer(x, x) @ M),
    "reduce": lambda x: functools.reduce(operator.mul, x),
    "add.reduce": lambda x: np.add.reduce(x**2),
    "multiply.outer": lambda x: (np.multiply.outer(x, x) * M).sum(),
    # algebra
    "dot": lambda x: x.dot(M).dot(x),
    "inner": lambda x: np.inner(x, x**2),
    "vdot": lambda x: np.vdot(x, x),
    "cross": lambda x: (np.cross(x, x**2) ** 2).sum(),
    "kron": lambda x: (np.kron(x, x) ** 2).sum(),
    "convolve": lambda x: (np.convolve(x, [1, 2.0]) ** 2).sum(),
    "correlate": lambda x: np.correlate(x, x)[0],
    "einsum": lambda x: np.einsum("i,ij,j->", x, M, x),
    "tensordot": lambda x: np.tensordot(np.outer(x, x), M, axes=2),
    "multi_dot": lambda x: np.linalg.multi_dot([x, M, x]),
    "matrix_power": lambda x: np.linalg.matrix_power(plus_diagonal(x), 3)[0, 0],
    "cholesky": lambda x: np.linalg.cholesky(plus_diagonal(x))[2, 1],
    "norm of a matrix": lambda x: np.linalg.norm(np.outer(x, x)),
    "norm along an axis": lambda x: np.linalg.norm(np.outer(x, x), axis=1).sum(),
    "norm 3": lambda x: np.linalg.norm(x, 3),
    # polynomials
    "polyval": lambda x: np.polyval(x, 2.0) + np.polyval([1, 2, 3], x).sum(),
    "poly1d": lambda x: np.poly1d([1, 2, 3])(x).sum(),
    "Polynomial": lambda x: np.polynomial.Polynomial([1, 2, 3.0])(x).sum(),
    "chebval": lambda x: (np.polynomial.chebyshev.chebval(T, x) ** 2).sum(),
    # elementwise
    "powers": lambda x: np.power(2.0, x[0]) * np.power(x[1], x[2]) + np.float_power(x, 2).sum(),
    "array exponent": lambda x: (x ** np.array([1, 2, 3])).sum(),
    "negative base": lambda x: ((-x) ** np.array([2, 3, 2])).sum(),
    "real": lambda x: np.real(x).sum() * np.conj(x[0]),
    "degrees": lambda x: np.sin(np.radians(np.degrees(x))).sum(),
    "item": lambda x: x[0].item() ** 2,
    "tolist": lambda x: sum(v**2 for v in x.tolist()),
    "float64": lambda x: np.float64(2.0) * x[0] + np.int64(2) * x[1] ** np.int64(2) + np.array(2.0) * x[2],
    "vectorize": lambda x: np.vectorize(lambda t: t**2)(x).sum(),
    "frompyfunc": lambda x: np.frompyfunc(lambda t: np.exp(t), 1, 1)(x).sum(),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row.sum() ** 2, 1, np.outer(x, x)).sum(),
    "isscalar": lambda x: x[0] ** 2 if np.isscalar(x[0]) else x[0] ** 3,
    "isinstance": lambda x: x.sum() ** 2 if isinstance(x, np.ndarray) and x.shape == (3,) else x[0],
    "formatting": lambda x: (f"{x[0]:.3f}", str(x), repr(x), x[0] ** 2)[3],
    # kinks, recorded on both sides
    "maximum": lambda x: np.maximum(x, 0.7).sum() + np.fmax(x, 0.7).sum() + np.minimum(x, x[::-1]).sum(),
    "max": lambda x: np.max(x) ** 2 + x.min() + np.ptp(x) + np.amax(x),
    "max axis": lambda x: np.max(np.outer(x, x), axis=0).sum(),
    "maximum.accumulate": lambda x: (np.maximum.accumulate(x) ** 2).sum(),
    "clip": lambda x: np.clip(x, 0.6, 1.0).sum() + x.clip(min=0.6).prod() + np.clip(x, None, 1.0).prod(),
    "abs": lambda x: np.abs(x - 0.7).sum() + np.fabs(x - 0.7).prod() + abs(x - 1.0).sum(),
    "norm 1 and inf": lambda x: np.linalg.norm(x, 1) * np.linalg.norm(x, np.inf),
    "where": lambda x: np.where((x > 0.5) & (x < 1), x**2, 0).sum() + np.where(~(x < 0.5), x**2, 1).sum(),
    "logical_and": lambda x: np.where(np.logical_and(x > 0.5, x < 1), x**2, x).sum(),
    "select": lambda x: np.select([x > 1, x > 0.5], [x**2, x], 0.0).sum(),
    "masks": lambda x: ((x > 0.6) * x).sum() + x[0] * np.sum(x > 0.6) + x[1] * np.mean(x > 0.6),
    "integer masks": lambda x: ((x > 0.6).astype(int) * x).sum(),
    "heaviside": lambda x: (np.heaviside(x - 0.6, 0.5) * x**2).sum(),
    "interp": lambda x: np.interp(x, KNOTS, [1, 2, 5]).sum() + np.interp(0.3, KNOTS, x) ** 2,
    "interp of lists": lambda x: np.interp([0.3, 0.8], KNOTS, x).prod(),
    "steps": lambda x: (x * np.floor(3 * x) + x * np.trunc(3 * x) + x * np.rint(3 * x)).sum(),
    "mod": lambda x: (np.mod(x, 0.25) + np.fmod(x, 0.17)).sum(),
    "round": lambda x: (np.round(x, 1) * x).sum(),
    "sign": lambda x: (np.sign(x - 0.6) * x**2).sum(),
}

SMOOTH |= {
    "nansum": lambda x: np.nansum(x**2 + HOLES) + np.nanmean(x**2 * HOLES) + np.nancumsum(x * HOLES)[2],
    "nanprod": lambda x: np.nanprod(x**2 + HOLES) + np.nancumprod(x + HOLES).sum(),
    "nanvar": lambda x: np.nanvar(np.outer(x, x) * HOLES, axis=1, ddof=1).sum() + np.nanstd(x**2 + HOLES),
    "nanmax": lambda x: np.nanmax(x * HOLES) ** 2 + np.nanmin(x + HOLES),
    "add.at": lambda x: (added(x, [0, 2, 0]) ** 2).sum(),
    "bincount": lambda x: (np.bincount([0, 2, 0], weights=x, minlength=5) ** 2).sum() * x[0],
    "matvec": lambda x: (np.matvec(np.outer(x, M[0]), x) * np.vecmat(x, M)).sum() + np.vecdot(x, x**2),
    "lists beside numbers": lambda x: (
        ((x[0] - [1.0, 2.0]) * ([1, x[1]] - x[0] * 2)).sum() + (x[1] ** (1, 2)).sum()
    ),
    "list over number": lambda x: ([1.0, x[2]] / x[1]).prod() + (x[2] / [1.0, x[0]] + [1.0, x[1]]).sum(),
    "mixed object array": lambda x: np.sqrt(np.array([x[0], 1.0, x[1] * x[2]])).sum() ** 2,
    "written into zeros": lambda x: (written(x, np.zeros(3)) ** 2).sum(),
    "written into a matrix": lambda x: assigned(np.eye(3), (0, slice(None)), x)[0] @ M @ x,
}

BRANCHING = {
    "int": lambda x: x[0] ** 2 * int(3 * x[2]) + sum(x[k] ** 2 for k in range(int(x[2]) + 1)),
    "nanmedian": lambda x: np.nanmedian(x * HOLES) ** 2,
    "solve": lambda x: np.linalg.solve(plus_diagonal(x), x).sum(),
    "inv": lambda x: np.linalg.inv(plus_diagonal(x))[0, 1],
    "det": lambda x: np.linalg.det(plus_diagonal(x)),
    "slogdet": lambda x: np.linalg.slogdet(plus_diagonal(x))[1],
    "isnan": lambda x: x[0] ** 2 if not np.isnan(x).any() else x[1],
    "linspace": lambda x: np.linspace(x[0], x[1], 5).prod(),
    "boolean index": lambda x: (x[x > 0.6] ** 2).sum(),
    "boolean assignment": lambda x: (assigned(x, x > 0.6, 0.0) ** 2).sum(),
    "nonzero": lambda x: x[np.nonzero(x > 0.6)].prod(),
    "sort": lambda x: np.sort(x) @ np.arange(3),
    "sorted": lambda x: sorted(x)[0] ** 2,
    "argmax": lambda x: x[np.argmax(x)] ** 2 + x[x.argmin()],
    "argsort": lambda x: x[np.argsort(x)][0] ** 2,
    "median": lambda x: np.median(x) ** 2,
    "quantile": lambda x: np.quantile(x, 0.3) ** 2,
    "python max": lambda x: max(x) ** 2 + max(x[0], 0.7) ** 2,
    "any": lambda x: x[0] ** 2 if np.any(x > 1.2) else x[1],
    "all": lambda x: x[0] ** 2 if (x > 0).all() else x[1],
    "allclose": lambda x: x[0] if np.allclose(x, 0) else x[1] ** 2,
    "isclose": lambda x: x[0] if np.isclose(x[0], 0) else x[1] ** 2,
    "count_nonzero": lambda x: x[0] ** 2 * np.count_nonzero(x > 0.6),
    "searchsorted": lambda x: x[0] ** 2 * np.searchsorted([0, 0.6, 1], x[1]),
    "digitize": lambda x: x[0] ** 2 * np.digitize(x[1], [0, 0.6, 1]),
    "piecewise": lambda x: np.piecewise(x, [x < 0.7, x >= 0.7], [lambda t: t**2, lambda t: t]).sum(),
    "sinc": lambda x: np.sinc(x).sum(),
    "vectorized branch": lambda x: np.vectorize(lambda t: np.exp(t) if t > 0.5 else t)(x).sum(),
    "chained comparison": lambda x: x[0] ** 2 if 0 < x[1] < 1 else x[2],
}
