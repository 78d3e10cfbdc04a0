"""What can be reproduced: one line for each published table and figure, in the order of their list."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from apps.reproduce.comparison import PublishedTable
from apps.reproduce.reproduction import Reproduction


@dataclass(frozen=True)
class Entry:
    """A table or figure: what it is called and about, and what it takes.

    One that is simulated takes `n_paths` and `seed`, one that is learned from samples `quick` and `seed`.

    Its file is the name with underscores, in `apps/reproduce/tables` or `apps/reproduce/figures`.
    """

    name: str
    about: str
    is_simulated: bool = False
    is_learned: bool = False


TABLES = (
    Entry("table-2", "what compiling edge pushing is worth"),
    Entry("table-3", "accuracy of second-order methods, Black-Scholes in five inputs"),
    Entry("table-4", "their times"),
    Entry("table-5", "gradient in 25 SVI parameters, accuracy and times"),
    Entry("table-6", "Hessian in 25 SVI parameters, accuracy and times"),
    Entry("section-4.3.1", "Hessian of the B-spline PDE, 9 weights"),
    Entry("section-4.3.2", "Hessian of the B-spline PDE, 14 weights"),
    Entry("section-4.3.3", "Hessian of the B-spline PDE, 19 weights"),
    Entry("table-7", "sharpness of softplus, basket call by Monte Carlo", is_simulated=True),
    Entry("table-8", "its Hessian against differences of the same paths", is_simulated=True),
    Entry("table-9", "its times, 5 to 40 assets", is_simulated=True),
    Entry("table-10", "conditional expectation and vibrato, price and gamma", is_simulated=True),
    Entry("table-11", "likelihood ratio, Malliavin weights and kernel, price and gamma", is_simulated=True),
    Entry("table-12", "caps on live arcs, American put with frozen exercise times", is_simulated=True),
    Entry("table-13", "its mini-batches, coarse and fine", is_simulated=True),
    Entry("table-14", "bumping, edge pushing and Taylor compared"),
    Entry("american-truth", "the American put's Greeks by every route, against the truth", is_simulated=True),
    Entry("julia-crr", "dual numbers through a binomial tree, times"),
    Entry("julia-lsm", "dual numbers through least-squares Monte Carlo, times", is_simulated=True),
    Entry("dml-black-scholes", "differential and standard training, a call", is_learned=True),
    Entry(
        "dml-bachelier", "the same on baskets of 1 to 50 assets, and the overview's accuracy", is_learned=True
    ),
    Entry("dml-regression", "differential, ridge and plain regression: bias and spread", is_learned=True),
    Entry("dml-pca", "factors of baskets by relevance and by variance", is_learned=True),
    Entry("dml-autocallable", "a worst-of note by a network and by simulation", is_learned=True),
    Entry("dml-netting-set", "forty trades by a network and by nested simulation", is_learned=True),
    Entry("dml-digital", "gradient labels across a jump compared", is_learned=True),
    Entry("dml-speed", "the overview's thousandfold speed, measured", is_learned=True),
)

FIGURES = (
    Entry("figure-1", "computation graph of the log-normal density"),
    Entry("figure-2", "edge pushing, step by step, on a small example"),
    Entry("figure-4", "market smiles and their B-spline fit"),
    Entry("figure-5", "calibrated local-volatility surface"),
    Entry("figure-6", "Hessian of a call in ten B-spline weights"),
    Entry("figure-7", "frozen exercise times: caps on live arcs, and what is missing", is_simulated=True),
    Entry("julia-figure-1a", "delta of a binomial tree against the spot"),
    Entry("julia-figure-1b", "the same over a small range: a staircase"),
    Entry("julia-figure-2", "gamma by finite differences, dual numbers and the likelihood ratio"),
    Entry(
        "monte-carlo-scaling", "time of a basket's Hessian against the number of assets", is_simulated=True
    ),
    Entry(
        "dml-learning",
        "learning curves, differential and standard, baskets of 1 to 50 assets",
        is_learned=True,
    ),
)

TABLE_NAMES = tuple(entry.name for entry in TABLES)
FIGURE_NAMES = tuple(entry.name for entry in FIGURES)
SIMULATED = tuple(entry.name for entry in (*TABLES, *FIGURES) if entry.is_simulated)
LEARNED = tuple(entry.name for entry in (*TABLES, *FIGURES) if entry.is_learned)


def published_table(name: str) -> PublishedTable:
    """Return one published table with what recomputes it; only its own file is loaded."""
    table = import_module(f"apps.reproduce.tables.{file_of(name)}").TABLE
    assert isinstance(table, PublishedTable)
    return table


def reproduced_figure(name: str, **options: int) -> Reproduction:
    """Return one figure, drawn now; only its own file is loaded."""
    figure = import_module(f"apps.reproduce.figures.{file_of(name)}").reproduce(**options)
    assert isinstance(figure, Reproduction)
    return figure


def file_of(name: str) -> str:
    """Return the file's name, without its ending."""
    return name.replace("-", "_").replace(".", "_")
