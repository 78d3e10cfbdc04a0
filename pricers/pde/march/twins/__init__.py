"""Readable forms of the compiled march."""
