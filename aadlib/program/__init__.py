"""Recordings frozen for replay."""
