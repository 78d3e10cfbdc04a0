"""Published tables: each file holds the published numbers and what recomputes them, together its `TABLE`."""
