"""Readable forms of the kernels of American options."""
