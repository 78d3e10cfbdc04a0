"""Benchmarks of asv: one file per part of the project, and a control without any of our code."""
