"""Section 4.3.2: edge pushing, Taylor and bumping on the B-spline PDE with 14 weights."""

from __future__ import annotations

from apps.reproduce.tables.section_4_3 import published, spline_weights_table

PUBLISHED = published(price=12.0485, error=3.5e-3, solves=420, times=(148.0, 185.0, 4701.0), speed=32.0)

TABLE = spline_weights_table(2, n_weights=14, published=PUBLISHED)
