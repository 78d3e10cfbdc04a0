"""How options stand in a table: one file per layout, each saying whether the columns fit it.

A layout is a module with a `DESCRIPTION` and a function ``arrange(taken)`` that returns the columns, each with the
side it belongs to, or None where the table is of another layout. `LAYOUTS` lists them; the first that fits is used.
"""

from pricers.chain.reading.layouts import long, one_row, side_by_side

LAYOUTS = (side_by_side, one_row, long)
