"""Section 4.3.1: edge pushing, Taylor and bumping on the B-spline PDE with 9 weights."""

from __future__ import annotations

from apps.reproduce.tables.section_4_3 import published, spline_weights_table

PUBLISHED = published(price=13.0193, error=1e-3, solves=180, times=(93.6, 112.3, 1252.0), speed=13.4)

TABLE = spline_weights_table(1, n_weights=9, published=PUBLISHED)
