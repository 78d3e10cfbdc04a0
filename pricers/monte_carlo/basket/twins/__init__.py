"""Readable forms of the basket kernels."""
