"""Second-order Taylor series."""
