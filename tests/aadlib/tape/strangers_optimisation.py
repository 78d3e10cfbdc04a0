"""Classic test functions of optimisation the way strangers write them: plain NumPy, nothing changed for recording.

`OBJECTIVES` holds (function, point). The styles differ on purpose: loops, `sum()`, unpacking, arrays made from
numbers, in-place updates, matrix products.
"""

from __future__ import annotations

import numpy as np

OBJECTIVES = []


def at(*point):
    """Put a function and the point it is differentiated at on the list."""

    def put(function):
        OBJECTIVES.append((function, np.array(point, dtype=float)))
        return function

    return put


@at(-1.2, 1.0, 0.7, 1.3)
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


@at(-1.2, 1.0, 0.5)
def rosenbrock_loop(x):
    total = 0
    for i in range(len(x) - 1):
        total += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


@at(0.6, -1.1, 0.3)
def ackley(x):
    n = len(x)
    sum1 = np.sum(x**2)
    sum2 = np.sum(np.cos(2 * np.pi * x))
    return -20 * np.exp(-0.2 * np.sqrt(sum1 / n)) - np.exp(sum2 / n) + 20 + np.e


@at(0.6, -1.1, 0.3)
def ackley_mean(x):
    a, b, c = 20, 0.2, 2 * np.pi
    return -a * np.exp(-b * np.sqrt(np.mean(x**2))) - np.exp(np.mean(np.cos(c * x))) + a + np.exp(1)


@at(0.6, -1.1, 0.3)
def rastrigin(x):
    return 10 * x.size + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


@at(0.6, -1.1, 0.3)
def rastrigin_comprehension(x):
    return 10 * len(x) + sum([(xi**2 - 10 * np.cos(2 * np.pi * xi)) for xi in x])


@at(3.0, -5.0, 1.0)
def griewank(x):
    i = np.arange(1, len(x) + 1)
    return np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i))) + 1


@at(0.4, -2.0, 1.5)
def levy(x):
    w = 1 + (x - 1) / 4
    term1 = np.sin(np.pi * w[0]) ** 2
    term3 = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    wi = w[:-1]
    return term1 + np.sum((wi - 1) ** 2 * (1 + 10 * np.sin(np.pi * wi + 1) ** 2)) + term3


@at(0.4, -2.0, 1.5)
def styblinski_tang(x):
    return 0.5 * np.sum(np.power(x, 4) - 16 * np.power(x, 2) + 5 * x)


@at(1.0, -2.0)
def himmelblau(p):
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@at(1.0, 0.4)
def beale(p):
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@at(1.0, 0.4)
def booth(x):
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


@at(300.0, -120.0, 410.0)
def schwefel(x):
    d = x.shape[0]
    return 418.9829 * d - np.sum(x * np.sin(np.sqrt(np.abs(x))))


@at(2.2, 1.5, 1.2)
def michalewicz(x):
    m = 10
    i = np.arange(len(x)) + 1
    return -np.sum(np.sin(x) * np.sin(i * x**2 / np.pi) ** (2 * m))


@at(0.5, 1.5, -0.7)
def dixon_price(x):
    n = len(x)
    ii = np.arange(2, n + 1)
    return (x[0] - 1) ** 2 + np.sum(ii * (2 * x[1:] ** 2 - x[:-1]) ** 2)


@at(0.5, 1.5, -0.7)
def zakharov(x):
    half = 0.5 * np.arange(1, x.size + 1)
    s = np.dot(half, x)
    return np.dot(x, x) + s**2 + s**4


@at(3.0, -1.0, 0.5, 1.0)
def powell(x):
    return (x[0] + 10 * x[1]) ** 2 + 5 * (x[2] - x[3]) ** 2 + (x[1] - 2 * x[2]) ** 4 + 10 * (x[0] - x[3]) ** 4


@at(-3.0, -1.0, -3.0, -1.0)
def wood(x):
    x1, x2, x3, x4 = x
    return (
        100 * (x1**2 - x2) ** 2
        + (x1 - 1) ** 2
        + (x3 - 1) ** 2
        + 90 * (x3**2 - x4) ** 2
        + 10.1 * ((x2 - 1) ** 2 + (x4 - 1) ** 2)
        + 19.8 * (x2 - 1) * (x4 - 1)
    )


@at(2.0, 3.0)
def branin(x):
    a, b, c, r, s, t = 1, 5.1 / (4 * np.pi**2), 5 / np.pi, 6, 10, 1 / (8 * np.pi)
    return a * (x[1] - b * x[0] ** 2 + c * x[0] - r) ** 2 + s * (1 - t) * np.cos(x[0]) + s


@at(0.2, 0.6, 0.8)
def hartmann3(x):
    alpha = np.array([1.0, 1.2, 3.0, 3.2])
    a = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
    p = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
    return -np.sum(alpha * np.exp(-np.sum(a * (x - p) ** 2, axis=1)))


@at(0.2, 0.15, 0.47, 0.27, 0.31, 0.65)
def hartmann6(x):
    alpha = [1.0, 1.2, 3.0, 3.2]
    a = [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
    p = [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
    outer = 0
    for i in range(4):
        inner = 0
        for j in range(6):
            inner = inner + a[i][j] * (x[j] - 1e-4 * p[i][j]) ** 2
        outer = outer + alpha[i] * np.exp(-inner)
    return -outer


@at(4.1, 3.9, 4.2, 3.8)
def shekel(x):
    c = np.array([[4, 1, 8, 6, 3], [4, 1, 8, 6, 7], [4, 1, 8, 6, 3], [4, 1, 8, 6, 7.0]])
    beta = np.array([0.1, 0.2, 0.2, 0.4, 0.4])
    return -sum(1.0 / (beta[i] + np.sum((x - c[:, i]) ** 2)) for i in range(5))


@at(0.3, -0.8)
def goldstein_price(x):
    x, y = x
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


@at(0.3, -0.8)
def six_hump_camel(x):
    return (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + (-4 + 4 * x[1] ** 2) * x[1] ** 2


@at(0.3, -0.8)
def three_hump_camel(xy):
    x = xy[0]
    y = xy[1]
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6.0 + x * y + y**2


@at(2.5, 2.9)
def easom(x):
    return -np.cos(x[0]) * np.cos(x[1]) * np.exp(-((x[0] - np.pi) ** 2) - (x[1] - np.pi) ** 2)


@at(0.5, -1.5)
def matyas(x):
    return 0.26 * (x**2).sum() - 0.48 * x.prod()


@at(0.7, -1.6)
def levy_13(x):
    return (
        np.sin(3 * np.pi * x[0]) ** 2
        + (x[0] - 1) ** 2 * (1 + np.sin(3 * np.pi * x[1]) ** 2)
        + (x[1] - 1) ** 2 * (1 + np.sin(2 * np.pi * x[1]) ** 2)
    )


@at(1.3, -2.2)
def cross_in_tray(x):
    fact1 = np.sin(x[0]) * np.sin(x[1])
    fact2 = np.exp(abs(100 - np.sqrt(x[0] ** 2 + x[1] ** 2) / np.pi))
    return -0.0001 * (abs(fact1 * fact2) + 1) ** 0.1


@at(200.0, -310.0)
def eggholder(x):
    return -(x[1] + 47) * np.sin(np.sqrt(np.abs(x[1] + x[0] / 2 + 47))) - x[0] * np.sin(
        np.sqrt(np.abs(x[0] - (x[1] + 47)))
    )


@at(3.0, -4.5)
def holder_table(x):
    return -np.abs(np.sin(x[0]) * np.cos(x[1]) * np.exp(np.abs(1 - np.linalg.norm(x) / np.pi)))


@at(1.0, -2.0)
def drop_wave(x):
    r2 = np.sum(np.square(x))
    return -(1 + np.cos(12 * np.sqrt(r2))) / (0.5 * r2 + 2)


@at(1.0, -2.0)
def schaffer_2(x):
    return 0.5 + (np.sin(x[0] ** 2 - x[1] ** 2) ** 2 - 0.5) / (1 + 0.001 * (x[0] ** 2 + x[1] ** 2)) ** 2


@at(-1.0, 1.5)
def mccormick(x):
    return np.sin(x.sum()) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


@at(1.1, 2.1, 3.2)
def trid(x):
    return np.sum((x - 1) ** 2) - np.sum(x[1:] * x[:-1])


@at(0.4, 1.3, -0.6)
def sum_of_powers(x):
    return np.sum(np.abs(x) ** (np.arange(len(x)) + 2))


@at(0.4, 1.3, -0.6)
def rotated_hyper_ellipsoid(x):
    return sum(np.sum(x[: i + 1] ** 2) for i in range(len(x)))


@at(0.4, 1.3, -0.6, 0.9)
def perm(x):
    n = len(x)
    j = np.arange(1, n + 1)
    total = 0.0
    for i in range(1, n + 1):
        total += np.sum((j + 0.5) * (x**i - (1.0 / j) ** i)) ** 2
    return total


@at(0.8, 1.4, 0.3)
def salomon(x):
    r = np.sqrt(np.dot(x, x))
    return 1 - np.cos(2 * np.pi * r) + 0.1 * r


@at(0.8, 1.4, 0.3)
def alpine(x):
    return np.abs(x * np.sin(x) + 0.1 * x).sum()


@at(0.8, 1.4, 0.3)
def helical_valley(x):
    theta = np.arctan2(x[1], x[0]) / (2 * np.pi)
    return 100 * ((x[2] - 10 * theta) ** 2 + (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1) ** 2) + x[2] ** 2


@at(0.5, 1.5, 0.1, 0.2, 0.3)
def biggs_exp(x):
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return np.sum((x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + 3 * np.exp(-t * x[4]) - y) ** 2)


@at(0.5, 1.5)
def freudenstein_roth(x):
    r = np.array([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])
    return r @ r


@at(0.3, 0.5, -0.2)
def broyden_tridiagonal(x):
    n = len(x)
    r = np.zeros_like(x)
    r[0] = (3 - 2 * x[0]) * x[0] - 2 * x[1] + 1
    r[1:-1] = (3 - 2 * x[1:-1]) * x[1:-1] - x[:-2] - 2 * x[2:] + 1
    r[n - 1] = (3 - 2 * x[n - 1]) * x[n - 1] - x[n - 2] + 1
    return np.sum(r**2)


@at(0.3, 0.5, -0.2)
def penalised(x):
    y = 1 + (x + 1) / 4
    u = np.where(np.abs(x) > 0.4, 100 * (np.abs(x) - 0.4) ** 4, 0)
    return np.pi / len(x) * (
        10 * np.sin(np.pi * y[0]) ** 2 + np.sum((y[:-1] - 1) ** 2) + (y[-1] - 1) ** 2
    ) + np.sum(u)


@at(0.2, 0.9)
def bukin(x):
    return 100 * np.sqrt(abs(x[1] - 0.01 * x[0] ** 2)) + 0.01 * abs(x[0] + 10)


@at(1.4, 0.6)
def rosenbrock_roll(x):
    return np.sum(100 * (np.roll(x, -1) - x**2)[:-1] ** 2) + np.sum((1 - x[:-1]) ** 2)
