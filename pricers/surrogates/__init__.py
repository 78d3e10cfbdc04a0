"""Surrogates: prices and Greeks learned from simulated payoffs and their pathwise derivatives."""

from pricers.surrogates.network import Cosine, OneCycle, TwinNetwork

__all__ = ["Cosine", "OneCycle", "TwinNetwork"]
