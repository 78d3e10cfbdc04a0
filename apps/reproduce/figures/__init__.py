"""Published figures: each file draws one again, by its function `reproduce`."""
