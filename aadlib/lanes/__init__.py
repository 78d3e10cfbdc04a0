"""Replays over many lanes: paths, scenarios, samples."""
