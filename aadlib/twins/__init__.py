"""Readable forms of the compiled sweeps, held equal by tests."""
