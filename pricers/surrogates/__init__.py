"""Surrogates: prices and Greeks learned from simulated payoffs and their pathwise derivatives."""

from pricers.surrogates.network.network import TwinNetwork

__all__ = ["TwinNetwork"]
