"""Colours for the columns of a sparse symmetric Hessian: one direction a colour, every entry read off exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats
from greeks2.structure.pattern import Pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Coloring:
    """Columns grouped by colour, and where every entry of the pattern stands in the products with the groups.

    Attributes
    ----------
    colors : (n,) from 0
    n_colors : int
    rows, columns : (m,) all entries of the symmetric pattern, sorted by row
    from_color, from_row : (m,) the entry at rows[k], columns[k] is products[from_color[k], from_row[k]]
    """

    colors: npt.NDArray[np.intp]
    n_colors: int
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    from_color: npt.NDArray[np.intp]
    from_row: npt.NDArray[np.intp]

    @property
    def n(self) -> int:
        """Number of columns."""
        return self.colors.size

    @property
    def seeds(self) -> Floats:
        """Directions (n_colors, n): the sum of the unit vectors of each colour."""
        directions = np.zeros((self.n_colors, self.n))
        directions[self.colors, np.arange(self.n)] = 1.0
        return directions

    def entries(self, products: Floats) -> Floats:
        """Return the entries at `rows`, `columns` from the Hessian times the seeds, (n_colors, n)."""
        entries: Floats = products[self.from_color, self.from_row]
        return entries

    def dense(self, entries: Floats) -> Floats:
        """Return the matrix (n, n)."""
        matrix = np.zeros((self.n, self.n))
        matrix[self.rows, self.columns] = entries
        return matrix

    def sparse(self, entries: Floats) -> csr_array:
        """Return the matrix as a scipy.sparse array."""
        from scipy.sparse import csr_array

        starts = np.searchsorted(self.rows, np.arange(self.n + 1))
        return csr_array((entries, self.columns, starts), shape=(self.n, self.n))


def color(pairs: Pairs, n: int) -> Coloring:
    """Colour the columns of a pattern so that every entry can be read off, with as few colours as greedy finds.

    Parameters
    ----------
    pairs : (m, 2) entries below the diagonal; the diagonal itself always belongs to the pattern
    n : int, number of columns

    Notes
    -----
    Columns in their own order and by falling number of entries are both tried: bands want the first, arrows the
    second, where the full column comes first and all others share a colour.

    References
    ----------
    A.R. Curtis, M.J.D. Powell, J.K. Reid, On the estimation of sparse Jacobian matrices, IMA J. Appl. Math. 13 (1974).
    A.H. Gebremedhin, F. Manne, A. Pothen, What color is your Jacobian?, SIAM Rev. 47 (2005), section 6.

    Examples
    --------
    >>> import numpy as np
    >>> from greeks2.methods.forward_over_reverse.coloring import color
    >>> color(np.array([[1, 0], [2, 0], [3, 0], [4, 0]]), 5).n_colors
    2
    """
    colors = fewest_colors(pairs, n, n)
    assert colors is not None  # a colour each is always possible
    return readings(colors, pairs)


def fewest_colors(pairs: Pairs, n: int, most: int) -> npt.NDArray[np.intp] | None:
    """Return the colours (n,) of the better order, or None where both orders need more than `most`."""
    neighbours: list[list[int]] = [[] for _ in range(n)]
    for i, j in pairs.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    orders: list[Sequence[int]] = [range(n), sorted(range(n), key=lambda i: -len(neighbours[i]))]
    tried = [colors for order in orders if (colors := star_colors(neighbours, order, most)) is not None]
    fewest = min(tried, key=lambda colors: max(colors, default=-1), default=None)
    return None if fewest is None else np.array(fewest, dtype=np.intp)


def star_colors(neighbours: list[list[int]], order: Sequence[int], most: int) -> list[int] | None:
    """Return a colour per vertex: neighbours differ, and no path of four vertices has only two colours.

    None as soon as a vertex needs more than `most`.

    A vertex may not take the colour of a neighbour; nor that of a neighbour's neighbour, unless the neighbour between
    them has a colour already, and a smaller one: of two colours on a path only one can then stand in the middle.
    """
    colors = [-1] * len(neighbours)
    around = [0] * len(neighbours)  # a bit per colour among the neighbours
    for v in order:
        forbidden = 0
        for w in neighbours[v]:
            if colors[w] < 0:
                forbidden |= around[w]
            else:
                itself = 1 << colors[w]
                forbidden |= itself | (around[w] & (itself - 1))
        lowest_free = ~forbidden & (forbidden + 1)
        if lowest_free >> most:
            return None
        colors[v] = lowest_free.bit_length() - 1
        for w in neighbours[v]:
            around[w] |= lowest_free
    return colors


def readings(colors: npt.NDArray[np.intp], pairs: Pairs) -> Coloring:
    """Return the coloring with where every entry is read off."""
    n, n_colors = colors.size, int(colors.max(initial=-1)) + 1
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    # In the product with a colour, row i is the sum of its entries in columns of that colour: read where it is one.
    sums = rows * n_colors + colors[columns]
    _, number, count = np.unique(sums, return_inverse=True, return_counts=True)
    alone, half = count[number] == 1, len(pairs)
    below = alone[:half]
    source_color = np.where(below, colors[pairs[:, 1]], colors[pairs[:, 0]])
    source_row = np.where(below, pairs[:, 0], pairs[:, 1])
    if not (below | alone[half:]).all():
        raise AssertionError("two entries share every sum they are in: the colours are not a star coloring")
    diagonal = np.arange(n)
    rows, columns = np.concatenate([rows, diagonal]), np.concatenate([columns, diagonal])
    from_color = np.concatenate([source_color, source_color, colors])
    from_row = np.concatenate([source_row, source_row, diagonal])
    order = np.lexsort((columns, rows))
    return Coloring(colors, n_colors, rows[order], columns[order], from_color[order], from_row[order])
