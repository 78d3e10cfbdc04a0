"""Path functions with known means, gradients and Hessians."""

from __future__ import annotations

import numpy as np

import aadlib as ad


def tilted(p, z):
    """exp(p . z): its mean over standard normals is exp(|p|^2 / 2)."""
    return np.exp(np.sum(p * z))


def tilted_truth(p):
    """Return mean, gradient and Hessian of `tilted`."""
    mean = np.exp(0.5 * np.sum(p**2))
    return mean, mean * p, mean * (np.eye(p.size) + np.outer(p, p))


def call(p, z):
    """Discounted payoff of a call with a smoothed kink; p is spot, volatility, rate, expiry; strike 105."""
    spot, volatility, rate, expiry = p
    growth = (rate - 0.5 * volatility**2) * expiry + volatility * np.sqrt(expiry) * z
    return np.exp(-rate * expiry) * ad.softplus(spot * np.exp(growth) - 105.0, sharpness=30.0)


def kinked_call(p, z):
    """The same payoff with its kink, at expiry 1."""
    return np.exp(-p[2]) * np.maximum(
        p[0] * np.exp(p[2] - 0.5 * p[1] ** 2 + p[1] * z) - 105.0, 0.0
    )  # the line a KinkWarning names


def asian(p, z):
    """Exponential of p[0] plus p[1] times the mean of a random walk, driven by z (n_steps, n_assets)."""
    n_steps = z.shape[0]
    walk = np.cumsum(np.sum(z, axis=1))
    return np.exp(p[0] + p[1] * np.sum(walk) / n_steps)


def asian_mean(p, n_steps, n_assets):
    """Return the mean of `asian`."""
    variance = n_assets * np.sum((np.arange(1, n_steps + 1) / n_steps) ** 2)
    return np.exp(p[0] + 0.5 * p[1] ** 2 * variance)


def same_bits(one, other):
    """Return whether two results agree in every bit."""
    fields = ("value", "stderr", "gradient", "gradient_stderr", "hessian", "hessian_stderr")
    return all(
        np.asarray(getattr(one, name)).tobytes() == np.asarray(getattr(other, name)).tobytes()
        for name in fields
        if getattr(one, name) is not None
    )
