"""Compiled sweeps over the nodes of a program at one market state."""
