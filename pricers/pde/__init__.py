"""Finite differences: grids, the tridiagonal solve, the backward and the forward march."""
