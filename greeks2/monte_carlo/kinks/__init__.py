"""Kinks and jumps of paths, integrated out along one direction of the noise."""
