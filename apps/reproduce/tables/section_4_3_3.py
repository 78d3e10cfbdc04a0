"""Section 4.3.3: edge pushing, Taylor and bumping on the B-spline PDE with 19 weights."""

from __future__ import annotations

from apps.reproduce.tables.section_4_3 import published, spline_weights_table

PUBLISHED = published(price=12.3402, error=3.5e-3, solves=760, times=(173.0, 221.0, 6451.0), speed=42.0)

TABLE = spline_weights_table(3, n_weights=19, published=PUBLISHED)
