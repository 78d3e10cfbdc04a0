"""Second-order methods over lanes."""
