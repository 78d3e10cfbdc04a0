"""How many numbers stand side by side in a block of a sweep: the same for every instruction set."""

LANES = 8
"""Directions at one market state, or paths of the block machine: a 512-bit register, or two or four narrower ones."""

BLOCK = 32
"""Market states or paths of a sweep over many: several registers, so that long chains of arithmetic overlap."""
