"""Greeks by name, with their units."""
