"""Malliavin weights, written out: the payoff times a polynomial in (parameter - stop(parameter)).

A step's log prices are m + s * e with e normal and correlated by C. With P = C^-1 and a = P e, integration by parts on
Wiener space (the Skorokhod integral of the direction that moves the log prices as the parameter does) gives

    pi[m_i] = a_i / s_i,    pi[s_i] = (a_i e_i - 1) / s_i,    pi[C_ij] = a_i a_j - P_ij,

and a second integration pi[b, c] = pi[b] pi[c] + k[b, c] with k the derivative of pi[b] in c at fixed log prices:

    k[m_i, m_j] = -P_ij / (s_i s_j)
    k[m_i, s_j] = -P_ij e_j / (s_i s_j) - [i = j] a_i / s_i^2
    k[s_i, s_j] = -P_ij e_i e_j / (s_i s_j) + [i = j] (1 - 2 a_i e_i) / s_i^2
    k[C_ij, m_k] = -(P_ik a_j + P_jk a_i) / s_k
    k[C_ij, s_k] = e_k k[C_ij, m_k]
    k[C_ij, C_kl] = P_ik P_jl + P_il P_jk - (P_ik a_l + P_il a_k) a_j - (P_jk a_l + P_jl a_k) a_i.

Then 1 + sum pi[b] d_b + 1/2 (sum pi[b] d_b)^2 + 1/2 sum k[b, c] d_b d_c, d_b = b - stop(b), is 1 and has these weights
as derivatives; how m, s and C depend on the market's parameters is left to differentiation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.smoothing.likelihood_ratio import seen_dates
from pricers.monte_carlo.smoothing.transition import require_risk, stopped
from pricers.monte_carlo.triangular import Factor, inverse_matrix, solve, solve_transposed, total


def _stopped_factor(factor: Factor) -> Factor:
    return None if factor is None else [stopped(row) for row in factor]


def step_weights(
    shocks: list[Any], deviations: list[Any], factor: Factor, pairs: list[tuple[int, int]]
) -> tuple[list[Any], dict[tuple[int, int], Any]]:
    """Return pi[b] and k[b, c], b <= c, over the basis (m_1 .. m_n, s_1 .. s_n, C_ij of the pairs).

    Every number given must be free of derivatives.

    Parameters
    ----------
    shocks : correlated normals e
    deviations : s
    factor : Cholesky factor of C
    pairs : (i, j) of the correlations that are differentiated
    """
    n = len(shocks)
    e = shocks
    P = inverse_matrix(factor, n)
    a = solve_transposed(factor, solve(factor, e))
    pi = [a[i] / deviations[i] for i in range(n)]
    pi += [(a[i] * e[i] - 1.0) / deviations[i] for i in range(n)]
    pi += [a[i] * a[j] - P[i][j] for i, j in pairs]
    k: dict[tuple[int, int], Any] = {}
    for i in range(n):
        for j in range(n):
            shared = -P[i][j] / (deviations[i] * deviations[j])
            square = deviations[i] * deviations[i]
            if j >= i:
                k[i, j] = shared
                k[n + i, n + j] = shared * e[i] * e[j] + (
                    (1.0 - 2.0 * a[i] * e[i]) / square if i == j else 0.0
                )
            k[i, n + j] = shared * e[j] - (a[i] / square if i == j else 0.0)
    for position, (i, j) in enumerate(pairs):
        b = 2 * n + position
        for c in range(n):
            k[c, b] = -(P[i][c] * a[j] + P[j][c] * a[i]) / deviations[c]
            k[n + c, b] = e[c] * k[c, b]
        for other, (p, q) in enumerate(pairs[position:]):
            k[b, b + other] = (
                P[i][p] * P[j][q]
                + P[i][q] * P[j][p]
                - (P[i][p] * a[q] + P[i][q] * a[p]) * a[j]
                - (P[j][p] * a[q] + P[j][q] * a[p]) * a[i]
            )
    return pi, k


@dataclass(frozen=True)
class MalliavinEstimator:
    """The payoff on stopped prices times the weights' polynomial of every step."""

    payoff: Payoff

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        simulation = seen_dates(self.payoff, simulation)
        matrix: Any = simulation.dynamics.correlation
        n = simulation.dynamics.n_assets
        pairs = [
            (i, j)
            for i in range(n)
            for j in range(i)
            if matrix is not None and hasattr(matrix[i][j], "value")
        ]
        correlations = [matrix[i][j] for i, j in pairs]
        factor = _stopped_factor(simulation.factor)
        log_prices = simulation.dynamics.log_spots()
        prices: list[list[Any]] = []
        polynomial: Any = 1.0
        for step in range(simulation.n_steps):
            means, deviations = simulation.law(log_prices, step)
            require_risk(deviations)
            shocks = stopped(simulation.shocks(step))
            pi, k = step_weights(shocks, stopped(deviations), factor, pairs)
            moved = [b - ad.stop_gradient(b) for b in (*means, *deviations, *correlations)]
            first = total([weight * d for weight, d in zip(pi, moved, strict=True)])
            second = total(
                [
                    (0.5 if b == c else 1.0) * (weight * (moved[b] * moved[c]))
                    for (b, c), weight in k.items()
                    if not (isinstance(weight, float) and weight == 0.0)
                ]
            )
            polynomial = polynomial * (1.0 + first + 0.5 * (first * first) + second)
            moves = zip(means, deviations, shocks, strict=True)
            log_prices = stopped([m + s * shock for m, s, shock in moves])
            prices.append([ad.exp(x) for x in log_prices])
        return self.payoff.value(prices, simulation.discounts(), EXACT) * polynomial


@dataclass(frozen=True)
class Malliavin:
    """Weights by integration by parts on Wiener space: any payoff, unbiased, of the likelihood ratio's variance.

    Where the law of a step is lognormal the weights that depend on its normals alone are the scores, so that the two
    methods agree path by path; here they are computed from the formulas above and not by differentiating a density.

    References
    ----------
    E. Fournie, J.-M. Lasry, J. Lebuchoux, P.-L. Lions and N. Touzi (1999), "Applications of Malliavin calculus to Monte
    Carlo methods in finance", Finance and Stochastics 3, section 3; part II (2001), Finance and Stochastics 5.
    P. Glasserman (2004), Monte Carlo Methods in Financial Engineering, sections 7.3.2 and 7.3.4.
    """

    NAME: ClassVar[str] = "malliavin"
    IS_BIASED: ClassVar[bool] = False

    def estimator(
        self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int
    ) -> MalliavinEstimator:
        """Bind the method to a payoff."""
        return MalliavinEstimator(payoff)
