"""Decompositions of recorded matrices: eigenvalues and singular values, QR, least squares, pseudoinverses.

LAPACK finds a decomposition in floats, a passive composite that every replay runs again. In its basis the recorded
matrix is all but diagonal, or all but orthonormal, and what is left is written out in plain operations: perturbation
theory to second order for eigenvectors, a Cholesky factor next to the identity for QR. First and second derivatives
are exact. Where the spectrum is degenerate there are none, and a `SingularMatrix` says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError, SingularMatrix
from aadlib.tape.arrays import array, is_recorded
from aadlib.tape.composite import Passive, apply_passive
from aadlib.tape.implementations import implements
from aadlib.tape.linear_algebra import back_substituted, boxed, cholesky, matrices, over_stack
from aadlib.types import Floats
from aadlib.validation import values_of

GAP = 1e-8
"""Eigenvalues closer than this share of the largest one have no derivatives of their own."""

FULL = 1e-12
"""A diagonal entry of R below this share of the largest one means that columns depend on each other."""

EIGH: Any = type(np.linalg.eigh(np.eye(1)))
SVD: Any = type(np.linalg.svd(np.eye(1)))
QR: Any = type(np.linalg.qr(np.eye(1)))


class SymmetricBasis(Passive):
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix, row after row.

    Parameters
    ----------
    size : of the matrix
    half : "L" or "U", which one LAPACK reads: signs of vectors depend on it
    """

    def __init__(self, size: int, half: Any) -> None:
        self.size, self.half = size, half

    def results(self, operands: Floats) -> Floats:
        """Return n eigenvalues and the n x n matrix of eigenvectors."""
        eigenvalues, vectors = np.linalg.eigh(operands.reshape(self.size, self.size), self.half)
        require_apart("eigenvalues", eigenvalues, eigenvalues)
        return np.concatenate([eigenvalues, vectors.ravel()])


class SingularBasis(Passive):
    """Singular values of a matrix, descending, and all left and all right vectors.

    Parameters
    ----------
    shape : of the matrix
    wanted : positions of the singular values that must stand alone and above zero
    """

    def __init__(self, shape: tuple[int, int], wanted: tuple[int, ...]) -> None:
        self.shape, self.wanted = shape, wanted

    def results(self, operands: Floats) -> Floats:
        """Return min(m, n) singular values, the m x m and the n x n matrix of vectors in columns."""
        left, singular, right = np.linalg.svd(operands.reshape(self.shape))
        zeros = np.zeros(abs(self.shape[0] - self.shape[1]))
        spectrum = np.concatenate([singular, -singular, zeros])
        require_apart("singular values", spectrum, singular[list(self.wanted)])
        return np.concatenate([singular, left.ravel(), right.T.ravel()])


class Triangle(Passive):
    """The factor R of a matrix with independent columns, and its inverse.

    Parameters
    ----------
    shape : of the matrix
    tolerance : float, share of the largest singular value down to which they count
    """

    def __init__(self, shape: tuple[int, int], tolerance: float = 0.0) -> None:
        self.shape, self.tolerance = shape, tolerance

    def results(self, operands: Floats) -> Floats:
        """Return the n x n matrices."""
        factor: Any = np.linalg.qr(operands.reshape(self.shape), mode="r")
        sizes = np.abs(np.diag(factor))
        singular_values = np.linalg.svd(factor, compute_uv=False) if self.tolerance > FULL else sizes
        if sizes.min(initial=np.inf) <= FULL * sizes.max(initial=0.0) or singular_values.min(
            initial=np.inf
        ) <= self.tolerance * singular_values.max(initial=0.0):
            raise SingularMatrix(
                "the matrix does not have full rank: its QR decomposition, pseudoinverse and least-squares solution "
                "have "
                "no derivatives there; leave out columns that depend on others"
            )
        return np.concatenate([factor.ravel(), np.linalg.inv(factor).ravel()])


def require_apart(what: str, spectrum: Floats, wanted: Floats) -> None:
    """Raise where a wanted eigenvalue meets another one."""
    distances = np.abs(wanted[:, None] - spectrum[None, :])
    close = distances <= GAP * np.abs(spectrum).max(initial=0.0)
    if close.sum() > wanted.size:
        position = int(np.flatnonzero(close.sum(axis=1) > 1)[0])
        raise SingularMatrix(
            f"the {what} {spectrum[: max(wanted.size, 1)].tolist()} are degenerate at {float(wanted[position])!r}: "
            "one that "
            "meets another, or a singular value of 0, has no derivative of its own; differentiate what does not tell "
            "them "
            "apart (a trace, a determinant, a norm)"
        )


def _perturbed(spectrum: Any, residual: Any, wanted: Any) -> tuple[Any, Any]:
    """Return eigenvalues and eigenvectors of diag(spectrum) + residual, to second order in the residual.

    Parameters
    ----------
    spectrum : (n,) passive
    residual : (n, n) symmetric, zero by value
    wanted : positions of the eigenvalues (k,)

    Returns
    -------
    eigenvalues (k,); eigenvectors (n, k) in the basis where the matrix is diagonal by value, of length one
    """
    n, k = residual.shape[0], len(wanted)
    own = np.zeros((n, k), dtype=bool)
    own[wanted, np.arange(k)] = True
    chosen = spectrum[wanted]
    gaps = np.where(own, 1.0, chosen[None, :] - spectrum[:, None])
    columns, diagonal = residual[:, wanted], np.diag(residual)[wanted]
    first = np.where(own, 0.0, columns / gaps)
    second = np.where(own, 0.0, (residual @ first - first * diagonal) / gaps)
    eigenvalues = chosen + diagonal + np.sum(columns * first, axis=0)
    on_own = 1.0 - 0.5 * np.sum(first**2, axis=0)
    return eigenvalues, np.where(own, on_own, first + second)


# ---- symmetric matrices ----------------------------------------------------------------------------------------------


def _symmetric(name: str, a: Any, UPLO: str) -> Any:
    """Return matrices whose one half NumPy reads, made whole."""
    if UPLO.upper() not in ("L", "U"):
        raise AadValueError(f"np.linalg.{name}: UPLO = {UPLO!r}: choose 'L' or 'U'")
    a = matrices(name, a)
    rows, columns = np.indices(a.shape[-2:])
    upper = UPLO.upper() == "U"
    return np.where(rows <= columns if upper else rows >= columns, a, np.swapaxes(a, -1, -2))


def _eigh_one(a: Any, half: str = "L") -> tuple[Any, Any]:
    n = len(a)
    found = apply_passive(SymmetricBasis(n, half), a.ravel())
    spectrum, basis = found[:n], found[n:].reshape(n, n)
    residual = basis.T @ array(a) @ basis - np.diag(spectrum)
    eigenvalues, vectors = _perturbed(spectrum, residual, list(range(n)))
    return eigenvalues, basis @ vectors


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Return eigenvalues, ascending, and eigenvectors of symmetric matrices, of which one half is read."""
    a = _symmetric("eigh", a, UPLO)
    return EIGH(*over_stack(lambda one: _eigh_one(one, UPLO.upper()), a.shape[:-2], a))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Return the eigenvalues of symmetric matrices, ascending."""
    a = _symmetric("eigvalsh", a, UPLO)
    return over_stack(lambda one: _eigh_one(one)[0], a.shape[:-2], a)


# ---- singular values -------------------------------------------------------------------------------------------------


def singular(a: Any, wanted: list[int]) -> tuple[Any, Any, Any]:
    """Return singular values of one matrix at some positions (k,), and their vectors (m, k), (n, k).

    They are eigenvalues of the symmetric matrix that has `a` and its transpose beside the diagonal.
    """
    m, n = a.shape
    least = min(m, n)
    found = apply_passive(SingularBasis((m, n), tuple(wanted)), a.ravel())
    values_found = found[:least]
    left, right = found[least : least + m * m].reshape(m, m), found[least + m * m :].reshape(n, n)
    root = np.sqrt(0.5)
    nothing = np.zeros((m + n - 2 * least, max(m, n)))
    above = np.concatenate([root * left[:, :least].T, root * left[:, :least].T, nothing[:, :m]])
    below = np.concatenate([root * right[:, :least].T, -root * right[:, :least].T, nothing[:, :n]])
    above[2 * least :] = left[:, least:].T if m > n else above[2 * least :]
    below[2 * least :] = right[:, least:].T if n > m else below[2 * least :]
    spectrum = np.concatenate([values_found, -values_found, np.zeros(m + n - 2 * least)])
    half = above @ array(a) @ below.T
    eigenvalues, vectors = _perturbed(spectrum, half + half.T - np.diag(spectrum), wanted)
    scaled = np.sqrt(2.0) * vectors
    return eigenvalues, above.T @ scaled, below.T @ scaled


def _svd_one(a: Any) -> tuple[Any, Any, Any]:
    singular_values, left, right = singular(a, list(range(min(a.shape))))
    return left, singular_values, right.T


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Return the singular value decomposition u, s, vh of matrices; without vectors the singular values."""
    a = _rectangles("svd", a)
    if hermitian:
        raise AadTypeError("np.linalg.svd(..., hermitian=True) cannot be recorded: use eigh")
    if not compute_uv:
        return svdvals(a)
    if full_matrices and a.shape[-1] != a.shape[-2]:
        raise AadTypeError(
            "np.linalg.svd with full_matrices=True: vectors without a singular value are any basis and have no "
            "derivatives; use full_matrices=False"
        )
    return SVD(*over_stack(_svd_one, a.shape[:-2], a))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    """Return the singular values of matrices, descending."""
    x = _rectangles("svdvals", x)
    return over_stack(lambda one: singular(one, list(range(min(one.shape))))[0], x.shape[:-2], x)


def _rectangles(name: str, a: Any) -> Any:
    a = boxed(a)
    if a.ndim < 2 or 0 in a.shape[-2:]:
        raise AadValueError(f"np.linalg.{name}: got shape {a.shape}, a matrix is needed")
    return a


# ---- QR and least squares --------------------------------------------------------------------------------------------


def _qr_one(a: Any, tolerance: float = 0.0) -> tuple[Any, Any]:
    """Return Q (m, n) and R (n, n) for m >= n: a Cholesky factor takes from LAPACK's R what it is short of."""
    n = a.shape[1]
    found = apply_passive(Triangle(a.shape, tolerance), a.ravel())
    factor, inverse = found[: n * n].reshape(n, n), found[n * n :].reshape(n, n)
    nearly = array(a) @ inverse
    correction = cholesky(nearly.T @ nearly).T
    turned = back_substituted(correction[::-1, ::-1].T.tolist(), nearly.T[::-1].tolist())
    return array(turned)[::-1].T, np.triu(correction @ factor)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Return the decomposition into orthonormal columns and an upper triangle, with LAPACK's signs."""
    a = _rectangles("qr", a)
    if mode not in ("reduced", "r") or a.shape[-2] < a.shape[-1]:
        raise AadTypeError(
            f"np.linalg.qr(..., mode={mode!r}) of shape {a.shape} cannot be recorded: mode 'reduced' or 'r' of "
            "matrices "
            "with no more columns than rows is"
        )
    orthonormal, triangle = over_stack(_qr_one, a.shape[:-2], a)
    return triangle if mode == "r" else QR(orthonormal, triangle)


def _pinv_one(a: Any, tolerance: float) -> Any:
    if a.shape[0] < a.shape[1]:
        return _pinv_one(a.T, tolerance).T
    orthonormal, triangle = _qr_one(a, tolerance)
    return array(back_substituted(triangle.tolist(), orthonormal.T.tolist()))


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Return the pseudoinverse of matrices of full rank."""
    a = _rectangles("pinv", a)
    tolerance = _tolerance("pinv", rcond if rtol is None else rtol)
    return over_stack(lambda one: _pinv_one(one, tolerance), a.shape[:-2], a)


def _tolerance(name: str, rcond: Any) -> float:
    if rcond is not None and (is_recorded(rcond) or np.ndim(rcond)):
        raise AadTypeError(f"np.linalg.{name}: rcond = {rcond!r}: one plain number can be recorded")
    return 0.0 if rcond is None else max(float(rcond), 0.0)


class _Unrecorded:
    """What `lstsq` returns for singular values: anything done with it says where they are."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise AadTypeError(
            "the singular values of np.linalg.lstsq are not recorded: use np.linalg.svd(a, compute_uv=False)"
        )

    __getitem__ = __len__ = __iter__ = __array__ = __float__ = __add__ = __mul__ = __truediv__ = __lt__ = (
        _refuse
    )
    __radd__ = __rmul__ = __sub__ = __rsub__ = __rtruediv__ = __gt__ = _refuse


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, int, Any]:
    """Return the least-squares solution, or the shortest one, for a matrix of full rank; residuals and rank."""
    a, b = _rectangles("lstsq", a), boxed(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or len(b) != len(a):
        raise AadValueError(f"np.linalg.lstsq: shapes {a.shape} and {b.shape} do not fit")
    m, n = a.shape
    right = array(b if b.ndim == 2 else b[:, None])
    if m >= n:
        orthonormal, triangle = _qr_one(a, _tolerance("lstsq", rcond))
        solution = array(back_substituted(triangle.tolist(), (orthonormal.T @ right).tolist()))
    else:
        orthonormal, triangle = _qr_one(a.T, _tolerance("lstsq", rcond))
        turned = back_substituted(triangle[::-1, ::-1].T.tolist(), right[::-1].tolist())
        solution = orthonormal @ array(turned)[::-1]
    left = np.sum((array(a) @ solution - right) ** 2, axis=0) if m > n else np.zeros(0)
    return (solution if b.ndim == 2 else solution[:, 0]), left, min(m, n), _Unrecorded()


@implements(np.polyfit)
def polyfit(
    x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """Return the coefficients of the polynomial that fits best, the highest power first."""
    if full or cov:
        raise AadTypeError(
            "np.polyfit(..., full=, cov=) cannot be recorded: it returns the coefficients alone"
        )
    x = array(x) if isinstance(x, (list, tuple)) else x
    design = np.stack([x**0 if k == deg else x ** (deg - k) for k in range(deg + 1)], axis=1)
    right = boxed(y)
    if w is not None:
        design = design * np.asarray(w)[:, None]
        right = (array(right).T * np.asarray(w)).T
    scale = np.sqrt(np.sum(values_of(design) ** 2, axis=0))
    solution = lstsq(design / scale, right)[0]
    return (solution.T / scale).T
