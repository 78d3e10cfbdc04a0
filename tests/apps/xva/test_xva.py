"""The program `xva`: adjustments against closed forms and by hand, what it writes, and what bad input gets."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.report.progress import Stages
from apps.xva import tables
from apps.xva.adjustments import Credit, mean_and_error, path_adjustments, profile
from apps.xva.valuation import Sizes, Valued, value
from pricers.surrogates import NettingSet, random_netting_set
from pricers.surrogates.samples.netting.hybrid_market import HybridMarket
from pricers.surrogates.samples.netting.trades import Forward

CREDIT = Credit(counterparty=0.02, own=0.01, recovery=0.4, funding=0.01)
SIZES = Sizes(n_paths=2000, n_nested=60, n_inner=1024, n_samples=8192, epochs=50, seed=1)


@pytest.fixture(scope="module")
def found() -> Valued:
    book = random_netting_set(n_assets=2, n_trades=12, maturity=2)
    return value(book, CREDIT, SIZES, Stages(lambda name, done: None))


def test_one_path_by_hand() -> None:
    values, discounts = np.array([[100.0, -50.0]]), np.array([[0.98, 0.95]])
    cva, dva, fva = path_adjustments(values, discounts, np.array([0.5, 1.0]), CREDIT)[0]
    assert cva == pytest.approx(0.6 * 98.0 * (1.0 - np.exp(-0.01)))
    assert dva == pytest.approx(0.6 * 47.5 * (np.exp(-0.005) - np.exp(-0.01)))
    assert fva == pytest.approx(0.01 * 0.5 * (98.0 - 47.5))
    positive, negative = profile(values, discounts)
    assert positive.tolist() == [98.0, 0.0] and negative.tolist() == [0.0, 47.5]


def test_expected_funding_of_a_forward_is_in_closed_form() -> None:
    market = HybridMarket(spots=(100.0,))
    book = NettingSet(
        market=market,
        trades=(Forward(asset=0, quantity=2.0, strike=100.0, maturity=2.0),),
        horizons=np.array([0.5, 1.0, 1.5]),
    )
    scenarios = book.scenarios(20_000, seed=5)
    values = np.stack(
        [book.exposure(t).truth(scenarios.states[:, k]).value for k, t in enumerate(book.horizons)], axis=1
    )
    mean, error = mean_and_error(path_adjustments(values, scenarios.discounts, book.horizons, CREDIT))
    today = 2.0 * (100.0 - 100.0 * market.bond(market.rate, 2.0))  # discounted values are martingales
    assert mean[2] == pytest.approx(0.01 * 1.5 * float(today), abs=4.0 * error[2])


def test_the_network_is_within_one_per_cent_or_two_standard_errors(found: Valued) -> None:
    assert found.exact is not None
    exact, network = (
        path_adjustments(values, found.scenarios.discounts, found.netting_set.horizons, CREDIT)
        for values in (found.exact, found.network)
    )
    mean, error = mean_and_error(exact)
    apart = np.abs(network.mean(axis=0) - mean)
    assert (apart < np.maximum(0.01 * np.abs(mean), 2.0 * error)).all()
    assert (apart[:2] < 0.02 * np.abs(mean[:2])).all()
    nested = found.nested - found.exact[: len(found.nested)]
    assert np.sqrt(np.mean((found.network - found.exact) ** 2)) < np.sqrt(np.mean(nested**2))


def test_the_network_is_a_hundred_times_faster(found: Valued) -> None:
    states = [len(values) for values in (found.network, found.nested)]
    seconds = [found.seconds[name] for name in ("network", "nested simulation")]
    assert seconds[1] / states[1] > 100.0 * seconds[0] / states[0]
    assert "times faster than nested simulation" in tables.times(found).note
    assert found.n_outside < 0.01 * found.network.size


def test_without_closed_forms_nested_simulation_is_the_measure(tmp_path: Path) -> None:
    small = ["--trades", "6", "--assets", "2", "--baskets", "2", "--maturity", "1", "--samples", "1024"]
    counts = ["--paths", "200", "--nested", "10", "--inner", "64", "--epochs", "30"]
    assert main(["xva", *small, *counts, "--out", str(tmp_path / "out")]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == [
        "exposures.csv",
        "exposures.png",
        "manifest.csv",
        "report.html",
    ]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "CVA" in page and "closed forms" not in page and "Flat intensities 2.00%" in page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nested", "5000"], "--nested 5000: must be from 10 to 4,096"),
        (["--paths", "1"], "--paths 1: must be 100 or more"),
        (["--trades", "0"], "--trades 0: must be from 1 to 1,000"),
        (["--baskets", "41"], "--baskets 41: must be from 0 to 40"),
        (["--recovery", "1.5"], "--recovery 1.5: must be from 0 to 1"),
        (["--recovery", "nan"], "--recovery nan: must be from 0 to 1"),
        (["--counterparty", "-0.1"], "--counterparty -0.1: must be at least 0 and below 10"),
        (["--own", "inf"], "--own inf: must be"),
    ],
)
def test_bad_arguments(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["xva", *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(self: Stages, share: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Stages, "within", pressed)
    with pytest.warns(UserWarning, match="interrupted"):
        assert main(["xva", "--trades", "3", "--samples", "256", "--out", str(tmp_path / "out")]) == 130
    assert list(tmp_path.iterdir()) == []
