"""The program `train`: simulate samples of a problem, train a twin network on them, and show how good it is."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import stages
from apps.report.tables import print_table
from apps.train.problems import OFFERS, offer

FEWEST_SAMPLES = 256
MODEL = "model.npz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    add = parser.add_argument
    listing = "; ".join(f"{one.name}: {one.about}" for one in OFFERS)
    add(
        "problem",
        nargs="?",
        choices=[one.name for one in OFFERS],
        default=OFFERS[0].name,
        metavar="PROBLEM",
        help=f"one of {listing} ({OFFERS[0].name})",
    )
    add("--dim", type=int, metavar="N", help="number of assets (the problem's own: 7 for basket)")
    add("--samples", type=int, metavar="N", help="training samples (the problem's own: 8,192 to 65,536)")
    add("--epochs", type=int, default=100, metavar="N", help="passes through the samples (100)")
    add("--labels", metavar="KIND", help="how gradient labels are made, where a payoff jumps (hybrid)")
    add("--standard", action="store_true", help="train on values alone as well, and set the two side by side")
    add("--no-curves", action="store_true", help="leave out the learning curves")
    add("--seed", type=int, default=1, metavar="K", help="seed of samples and weights (1)")
    add(
        "--out",
        type=Path,
        default=Path("twin-network"),
        metavar="DIR",
        help="folder for model, page and pictures",
    )


def run(arguments: argparse.Namespace) -> None:
    """Train, print the tables and write the folder."""
    from apps.train.training import Wanted, train

    chosen = offer(arguments.problem)
    problem = chosen.problem(arguments.dim)
    n_samples = chosen.n_samples if arguments.samples is None else arguments.samples
    for option, number, least in (
        ("--samples", n_samples, max(FEWEST_SAMPLES, 2 * len(problem.inputs))),
        ("--epochs", arguments.epochs, 1),
        ("--seed", arguments.seed, 0),
    ):
        if number < least:
            raise AadValueError(f"{option} {number}: must be {least} or more")
    require_replaceable(arguments.out)
    import_module("matplotlib")  # where it is missing, nobody waits for the numbers to be told so
    wanted = Wanted(
        offer=chosen,
        problem=problem,
        n_samples=n_samples,
        epochs=arguments.epochs,
        seed=arguments.seed,
        labels=arguments.labels,
        standard=arguments.standard,
        curve=not arguments.no_curves,
    )
    with stages(5 + arguments.standard + 2 * wanted.curve) as job:
        trained = train(wanted, job)
        with job.stage("pictures and page"):
            from apps.train import page, tables

            contents = page.contents(trained)
            with staged_folder(arguments.out) as folder:
                for name, content in contents.items():
                    write_whole(folder / name, content)
                trained.network.save(folder / MODEL)
    print_table(tables.setting(trained))
    print_table(tables.errors(trained))
    if trained.curves:
        print_table(tables.curves(trained))
    for message in trained.messages:
        print(f"warning: {message}")
    print_table(job.timings())
    print(f"model: {arguments.out / MODEL}, by TwinNetwork.load")
    print(f"report: {arguments.out / 'report.html'}, with {len(contents) - 2} pictures and errors.csv")


PROGRAM = Program(
    name="train",
    summary="Train a network that gives price and all Greeks of a product in microseconds, and measure its errors",
    details=(
        "Samples of payoffs and their gradients are simulated, a twin network learns both, and is compared with closed "
        "forms or fresh simulation at states it has not seen. After Ctrl-C in the training the best network so far is "
        "judged and kept."
    ),
    add_arguments=add_arguments,
    run=run,
    offers={"problems to train on": tuple(one.name for one in OFFERS)},
)
