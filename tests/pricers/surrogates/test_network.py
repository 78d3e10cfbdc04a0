"""The twin network as its users see it: what it learns, keeps, writes, flags and refuses."""

from __future__ import annotations

import copy
import os
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import ndtr

from aadlib.errors import AadTypeError, AadValueError
from pricers.surrogates import (
    Cosine,
    DifferentialRegression,
    NotFitted,
    OneCycle,
    OutsideRange,
    Polynomials,
    TrainingCollapsed,
    TwinNetwork,
)
from pricers.surrogates.network import Epoch, checkpoint, training
from pricers.surrogates.network.archive import write_archive
from pricers.surrogates.network.compiled_passes import Passes

from .baskets import Basket, rmse

pytestmark = pytest.mark.filterwarnings("ignore:the loss")  # trainings here are as short as can be

Floats = npt.NDArray[np.float64]
Samples = tuple[Floats, Floats, Floats]


@pytest.fixture(scope="module")
def samples() -> Samples:
    return Basket(np.random.default_rng(3), 3).samples(1024)


@pytest.fixture(scope="module")
def fitted(samples: Samples) -> TwinNetwork:
    return TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples)


def two_outputs(samples: Samples) -> Samples:
    x, y, dydx = samples
    return x, np.column_stack([y, x[:, 0] ** 2]), np.stack([dydx, 2.0 * x * [1.0, 0.0, 0.0]], axis=1)


def test_differentials_teach_prices_and_greeks(rng: np.random.Generator) -> None:
    basket = Basket(rng, 7)
    x, y, dydx = basket.samples(8192)
    states, prices, deltas = basket.truth(2048)
    with_greeks = TwinNetwork().fit(x, y, dydx).predict_with_greeks(states)
    alone = TwinNetwork().fit(x, y).predict_with_greeks(states)
    assert rmse(with_greeks.values, prices) < 0.12
    assert rmse(with_greeks.greeks, deltas) < 0.2
    assert rmse(alone.values, prices) > 2.0 * rmse(with_greeks.values, prices)


@pytest.mark.parametrize("activation", ["softplus", "silu", "elu"])
@pytest.mark.parametrize("schedule", [OneCycle(), Cosine(peak=0.02, cycles=2)])
def test_a_smooth_function_is_learned(
    activation: str, schedule: OneCycle | Cosine, rng: np.random.Generator
) -> None:
    x = rng.uniform(-1.0, 1.0, (2048, 2))
    y = np.sin(2.0 * x[:, 0]) * x[:, 1]
    dydx = np.column_stack([2.0 * np.cos(2.0 * x[:, 0]) * x[:, 1], np.sin(2.0 * x[:, 0])])
    network = TwinNetwork(activation=activation, schedule=schedule, epochs=60).fit(x, y, dydx)
    prediction = network.predict_with_greeks(x)
    assert rmse(prediction.values, y) < 3.0 and rmse(prediction.greeks, dydx) < 12.0
    assert network.score(x, y) > 0.99


def test_greeks_and_hessians_are_the_network_s_own(samples: Samples) -> None:
    network = TwinNetwork(hidden=(12, 12), epochs=5, dtype="float64").fit(*two_outputs(samples))
    x, h = samples[0][:9], 1e-5
    values, greeks, _ = network.predict_with_greeks(x)
    hessian = network.hessian(x)
    assert values.shape == (9, 2) and greeks.shape == (9, 2, 3) and hessian.shape == (9, 2, 3, 3)
    for j in range(3):
        above, below = (network.predict_with_greeks(x + sign * h * np.eye(3)[j]) for sign in (1.0, -1.0))
        np.testing.assert_allclose(greeks[..., j], (above.values - below.values) / (2.0 * h), atol=1e-8)
        np.testing.assert_allclose(hessian[..., j], (above.greeks - below.greeks) / (2.0 * h), atol=1e-7)


def test_shapes_follow_what_was_given(samples: Samples, fitted: TwinNetwork) -> None:
    x = samples[0]
    assert fitted.predict(x).shape == (1024,) and fitted.predict(x[0]).shape == ()
    value, greeks, outside = fitted.predict_with_greeks(x[0])
    assert np.shape(value) == () and greeks.shape == (3,) and not outside
    assert fitted.hessian(x[0]).shape == (3, 3) and fitted.hessian(x).shape == (1024, 3, 3)
    two = TwinNetwork(hidden=(5,), epochs=2).fit(*two_outputs(samples))
    assert two.predict(x[0]).shape == (2,) and two.predict_with_greeks(x[0]).greeks.shape == (2, 3)
    column = TwinNetwork(hidden=(5,), epochs=2).fit(x, samples[1][:, None], samples[2][:, None])
    assert column.predict(x).shape == (1024, 1)
    assert fitted.predict(np.zeros((0, 3))).shape == (0,)


def test_one_state_and_many_give_the_same(samples: Samples, fitted: TwinNetwork) -> None:
    x = np.tile(samples[0], (20, 1))  # several pieces of work
    many = fitted.predict_with_greeks(x)
    for row in (0, 17, 1023, len(x) - 1):
        one = fitted.predict_with_greeks(x[row])
        assert one.values == pytest.approx(many.values[row], rel=1e-6, abs=1e-9)
        np.testing.assert_allclose(one.greeks, many.greeks[row], rtol=1e-5, atol=1e-7)


def test_the_same_seed_gives_the_same_bits(samples: Samples, fitted: TwinNetwork) -> None:
    again = TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples)
    other = TwinNetwork(hidden=(12, 12), epochs=20, seed=1).fit(*samples)
    assert np.array_equal(again.predict(samples[0]), fitted.predict(samples[0]))
    assert not np.array_equal(other.predict(samples[0]), fitted.predict(samples[0]))


def test_fits_on_several_threads_do_not_disturb_each_other(samples: Samples, fitted: TwinNetwork) -> None:
    networks = [TwinNetwork(hidden=(12, 12), epochs=20) for _ in range(4)]
    threads = [threading.Thread(target=network.fit, args=samples) for network in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for network in networks:
        assert np.array_equal(network.predict(samples[0]), fitted.predict(samples[0]))


def test_history_and_progress(samples: Samples) -> None:
    seen: list[Epoch] = []
    network = TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, progress=seen.append)
    history = network.history_
    assert history.epochs == seen and [epoch.number for epoch in seen] == list(range(20))
    assert not history.restarts and not history.interrupted and not history.stopped_early
    losses = history.column("loss")
    assert losses[-1] < 0.5 * losses[0] and history.column("rate")[-1] < history.column("rate").max() / 100.0


def test_validation_stops_early_and_keeps_the_best(samples: Samples) -> None:
    x, y, _ = samples
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(len(y))
    network = TwinNetwork(epochs=400, schedule=Cosine(peak=0.02), validation_fraction=0.25, patience=10)
    network.fit(x, y + 0.3 * noise)
    judged = network.history_.column("validation_loss")
    assert network.history_.stopped_early and len(judged) < 400
    assert len(judged) - 1 - int(np.argmin(judged)) == 10
    given = TwinNetwork(hidden=(5,), epochs=3).fit(x[:700], y[:700], validation=(x[700:], y[700:]))
    assert np.isfinite(given.history_.column("validation_loss")).all()


def test_warm_start_goes_on(samples: Samples) -> None:
    network = TwinNetwork(hidden=(12, 12), epochs=20, warm_start=True).fit(*samples)
    first = network.history_.column("loss")
    network.set_params(schedule=OneCycle(peak=1e-3)).fit(*samples)
    assert network.history_.column("loss")[0] < 0.5 * first[0]
    with pytest.raises(AadValueError, match="warm_start"):
        network.set_params(hidden=(5,)).fit(*samples)


@pytest.mark.parametrize("precisions", [("float32", "float64"), ("float64", "float32")])
def test_warm_start_in_another_precision(samples: Samples, precisions: tuple[str, str]) -> None:
    first, second = precisions
    network = TwinNetwork(hidden=(12, 12), epochs=20, warm_start=True, dtype=first).fit(*samples)
    before = network.history_.column("loss")
    network.set_params(schedule=OneCycle(peak=1e-3), dtype=second).fit(*samples)
    assert not network.history_.restarts and network.history_.column("loss")[0] < 0.5 * before[0]


class _Crash(Exception):
    pass


def test_a_resumed_training_has_the_same_bits(
    samples: Samples, fitted: TwinNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "BETWEEN_WRITES", 0.0)
    path = tmp_path / "training.npz"

    def crash(epoch: Epoch) -> None:
        if epoch.number == 7:
            raise _Crash

    with pytest.raises(_Crash):
        TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path, progress=crash)
    seen: list[Epoch] = []
    resumed = TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path, progress=seen.append)
    assert [epoch.number for epoch in seen] == list(range(8, 20))
    assert np.array_equal(resumed.predict(samples[0]), fitted.predict(samples[0]))
    assert resumed.history_.column("loss").tolist() == fitted.history_.column("loss").tolist()
    done = TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path)
    assert np.array_equal(done.predict(samples[0]), fitted.predict(samples[0]))
    with pytest.raises(AadValueError, match="other samples or settings"):
        TwinNetwork(hidden=(12, 12), epochs=21).fit(*samples, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(AadValueError, match="truncated or damaged"):
        TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path)


def test_an_interrupt_keeps_the_best_state(samples: Samples, tmp_path: Path) -> None:
    def stop(epoch: Epoch) -> None:
        if epoch.number == 9:
            raise KeyboardInterrupt

    path = tmp_path / "training.npz"
    network = TwinNetwork(hidden=(12, 12), epochs=20)
    with pytest.warns(UserWarning, match="interrupted after 10 of 20 epochs"):
        network.fit(*samples, progress=stop, checkpoint=path)
    assert network.history_.interrupted and network.score(*samples[:2]) > 0.3
    assert path.exists()


def test_an_interrupt_within_an_epoch_spoils_no_checkpoint(
    samples: Samples, fitted: TwinNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pressed:
        """Ctrl-C while an epoch runs reaches Python after its steps."""

        def __init__(self, *arguments: Any) -> None:
            self.passes, self.n_epochs = Passes(*arguments), 0

        def train_epoch(self, *arguments: Any) -> tuple[float, float]:
            losses = self.passes.train_epoch(*arguments)
            self.n_epochs += 1
            if self.n_epochs == 8:
                raise KeyboardInterrupt
            return losses

    path = tmp_path / "training.npz"
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="interrupted after 7 of 20 epochs"):
        patch.setattr(training, "Passes", Pressed)
        TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path)
    resumed = TwinNetwork(hidden=(12, 12), epochs=20).fit(*samples, checkpoint=path)
    assert np.array_equal(resumed.predict(samples[0]), fitted.predict(samples[0]))
    assert len(resumed.history_.epochs) == 20


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_reaches_the_compiled_training(samples: Samples) -> None:
    def press() -> None:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    network = TwinNetwork(epochs=100000)
    thread = threading.Thread(target=press)
    thread.start()
    with pytest.warns(UserWarning, match="interrupted"):
        network.fit(*samples)
    thread.join()
    assert np.isfinite(network.predict(samples[0])).all()


@pytest.mark.parametrize("peak", [0.5, 5.0])
def test_a_diverging_training_is_restarted(samples: Samples, peak: float) -> None:
    network = TwinNetwork(epochs=30, schedule=OneCycle(peak=peak), max_restarts=10).fit(*samples)
    for restart in network.history_.restarts:
        assert restart.reason and restart.next_peak == peak * 0.25 ** (restart.attempt + 1)
    assert network.history_.restarts or peak < 1.0
    assert network.score(*samples[:2]) > 0.8


@pytest.mark.filterwarnings("error:the loss")
@pytest.mark.parametrize("noise", [0.0, 1e-3, 1.0])
def test_a_linear_function_is_no_collapse(rng: np.random.Generator, noise: float) -> None:
    """Its best linear predictor leaves no loss to be below."""
    x, slopes = rng.standard_normal((2048, 3)), np.array([1.0, -2.0, 0.0])
    y = x @ slopes + noise * rng.standard_normal(2048)
    for dydx in (np.tile(slopes, (2048, 1)), None):
        network = TwinNetwork(schedule=Cosine(peak=0.02), max_restarts=0).fit(x, y, dydx)
        assert rmse(network.predict(x), x @ slopes) < 100.0 * (0.01 + 0.2 * noise)


def test_a_training_that_always_collapses_is_an_error(samples: Samples) -> None:
    network = TwinNetwork(epochs=10, schedule=OneCycle(peak=1e4), max_restarts=1)
    with pytest.raises(TrainingCollapsed, match="collapsed 2 times"):
        network.fit(*samples)


def test_states_outside_the_range_are_flagged(samples: Samples, fitted: TwinNetwork) -> None:
    x = samples[0][:4].copy()
    x[1, 2], x[3, 0] = 50.0, np.nan
    with pytest.warns(OutsideRange, match="2 of 4 states"):
        prediction = fitted.predict_with_greeks(x)
    assert prediction.outside.tolist() == [False, True, False, True]
    assert np.isnan(prediction.values[3]) and np.isfinite(prediction.values[:3]).all()
    with pytest.warns(OutsideRange):
        fitted.predict(x[1])


def test_model_files(samples: Samples, fitted: TwinNetwork, tmp_path: Path) -> None:
    path = tmp_path / "model.twin"
    fitted.save(path)
    loaded = TwinNetwork.load(path)
    assert np.array_equal(loaded.predict(samples[0]), fitted.predict(samples[0]))
    assert loaded.get_params() == fitted.get_params()
    content = path.read_bytes()
    for damaged in (
        content[: len(content) // 2],
        b"",
        b"PK not a zip",
        content[:200] + b"x" * 50 + content[250:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(AadValueError, match=r"model\.twin"):
            TwinNetwork.load(path)
    np.savez(tmp_path / "foreign.npz", a=np.ones(3))
    with pytest.raises(AadValueError, match="no twin network file"):
        TwinNetwork.load(tmp_path / "foreign.npz")
    write_archive(path, "another", {}, {})
    with pytest.raises(AadValueError, match="another file of version 1"):
        TwinNetwork.load(path)
    with pytest.raises(FileNotFoundError):
        TwinNetwork.load(tmp_path / "none.npz")
    np.savez_compressed(path.with_suffix(".npz"), header=np.arange(1000))
    squeezed = bytearray(path.with_suffix(".npz").read_bytes())
    squeezed[100:140] = b"\x55" * 40
    path.with_suffix(".npz").write_bytes(squeezed)
    with pytest.raises(AadValueError, match="damaged"):
        TwinNetwork.load(path.with_suffix(".npz"))
    path.with_suffix(".npz").unlink()
    np.savez(tmp_path / "pickle.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(AadValueError, match="no twin network file"):
        TwinNetwork.load(tmp_path / "pickle.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["foreign.npz", "model.twin", "pickle.npz"]


def test_no_flipped_bit_of_a_model_file_changes_a_number(
    samples: Samples, fitted: TwinNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "model.npz"
    fitted.save(path)
    content, expected = path.read_bytes(), fitted.predict(samples[0])
    refused = 0
    for place in (*range(0, len(content), 41), *range(len(content) - 300, len(content))):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert np.array_equal(TwinNetwork.load(path).predict(samples[0]), expected)
        except AadValueError:
            refused += 1
    assert refused > 100


def test_settings_of_numpy_are_written(samples: Samples, tmp_path: Path) -> None:
    network = TwinNetwork(
        hidden=np.array([4]),  # type: ignore[arg-type]
        epochs=np.int64(2),  # type: ignore[arg-type]
        seed=np.int64(3),  # type: ignore[arg-type]
        differential_weight=np.float32(0.5),  # type: ignore[arg-type]
    ).fit(*samples)
    network.save(tmp_path / "model.npz")
    loaded = TwinNetwork.load(tmp_path / "model.npz")
    assert loaded.hidden == (4,) and loaded.seed == 3 and loaded.differential_weight == 0.5
    assert "hidden=array([4])" in repr(network)


def test_a_fitted_network_can_be_copied(samples: Samples, fitted: TwinNetwork) -> None:
    assert np.array_equal(copy.deepcopy(fitted).predict(samples[0]), fitted.predict(samples[0]))


@pytest.mark.parametrize("activation", ["softplus", "silu", "elu"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_onnx_runs_the_same(samples: Samples, tmp_path: Path, activation: str, dtype: str) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    network = TwinNetwork(hidden=(12, 8), epochs=5, activation=activation, dtype=dtype).fit(
        *two_outputs(samples)
    )
    network.export_onnx(tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    values, greeks = session.run(["values", "greeks"], {"states": samples[0]})
    ours = network.predict_with_greeks(samples[0])
    near = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(values, ours.values, atol=near)
    np.testing.assert_allclose(greeks, ours.greeks, atol=near)
    network.export_onnx(tmp_path / "values.onnx", greeks=False)
    session = runtime.InferenceSession(str(tmp_path / "values.onnx"), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["values"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "values.onnx"]
    with pytest.raises(AadValueError, match="cannot be written"):
        network.export_onnx(tmp_path / "missing" / "model.onnx")


@pytest.mark.filterwarnings("ignore::pricers.surrogates.OutsideRange")  # folds hold out the ends of the range
def test_scikit_learn_takes_it(samples: Samples) -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_regressor
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    network = TwinNetwork(hidden=(8,), epochs=60)
    assert clone(network).get_params() == network.get_params() and is_regressor(network)
    x, y, dydx = samples
    scaler = StandardScaler()
    pipeline = Pipeline([("scaler", scaler), ("network", network)])
    pipeline.fit(x, y, network__dydx=dydx * x.std(axis=0))
    assert pipeline.score(x, y) > 0.5 and pipeline.predict(x).shape == y.shape
    search = GridSearchCV(network, {"hidden": [(4,), (8, 8)]}, cv=2).fit(x, y)
    assert search.best_params_["hidden"] in [(4,), (8, 8)]
    assert repr(network) == "TwinNetwork(hidden=(8,), epochs=60)"
    with pytest.raises(AadValueError, match="no parameter of TwinNetwork"):
        network.set_params(depth=3)


def _spoiled(samples: Samples, position: int, row: int, number: float) -> Samples:
    arrays = [array.copy() for array in samples]
    arrays[position][row] = number
    return arrays[0], arrays[1], arrays[2]


BAD_SAMPLES = {
    "NaN in y": (lambda s: _spoiled(s, 1, 5, np.nan), r"y is NaN or infinite in 1 of 1024 rows \(5\)"),
    "infinite dydx": (
        lambda s: _spoiled(s, 2, 9, np.inf),
        r"dydx is NaN or infinite in 1 of 1024 rows \(9\)",
    ),
    "NaN in x": (lambda s: _spoiled(s, 0, 0, np.nan), r"x is NaN or infinite in 1 of 1024 rows \(0\)"),
    "y too short": (lambda s: (s[0], s[1][:-1], s[2]), r"y has shape \(1023,\)"),
    "dydx of other inputs": (lambda s: (s[0], s[1], s[2][:, :2]), r"dydx has shape \(1024, 2\)"),
    "x flat": (lambda s: (s[0][:, 0], s[1], s[2]), r"x has shape \(1024,\)"),
    "empty": (lambda s: (s[0][:0], s[1][:0], s[2][:0]), r"x has shape \(0, 3\)"),
    "constant input": (lambda s: (s[0] * [1.0, 0.0, 1.0], s[1], s[2]), r"x\[:, 1\] is 0.0 in every sample"),
    "constant output": (lambda s: (s[0], 0.0 * s[1] + 2.0, s[2]), r"y\[:, 0\] is 2.0 in every sample"),
    "few samples": (lambda s: (s[0][:3], s[1][:3], s[2][:3]), "3 samples of 3 inputs"),
    "huge x": (lambda s: (1e200 * s[0], s[1], s[2]), r"x\[:, 0\] has a standard deviation of inf"),
    "tiny y": (lambda s: (s[0], 1e-200 * s[1], s[2]), r"y\[:, 0\] has a standard deviation of 0.0"),
    "huge dydx": (lambda s: (s[0], s[1], 1e200 * s[2]), "dydx reaches"),
}


@pytest.mark.parametrize("bad", BAD_SAMPLES)
def test_bad_samples_are_refused(samples: Samples, bad: str) -> None:
    spoil, message = BAD_SAMPLES[bad]
    with pytest.raises(AadValueError, match=message):
        TwinNetwork(epochs=1).fit(*spoil(samples))


BAD_PARAMETERS = {
    "activation": "relu", "dtype": "float16", "epochs": 0, "batch_size": 0, "differential_weight": -1.0, "seed": -1,
    "hidden": (20, 0), "schedule": 0.1, "validation_fraction": 0.999, "patience": 5, "max_restarts": -1,
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_bad_parameters_are_refused(samples: Samples, name: str) -> None:
    with pytest.raises(AadValueError, match=name):
        TwinNetwork(**{"epochs": 1} | {name: BAD_PARAMETERS[name]}).fit(*samples)


def test_other_bad_input(samples: Samples, fitted: TwinNetwork) -> None:
    x, y, dydx = samples
    with pytest.raises(NotFitted, match="not fitted"):
        TwinNetwork().predict(x)
    with pytest.raises(AadValueError, match=r"must be \(n, 3\) states"):
        fitted.predict(x[:, :2])
    with pytest.raises(AadTypeError):
        fitted.predict("spot")
    with pytest.raises(AadTypeError, match="masked"):
        fitted.fit(np.ma.masked_array(x, mask=x > 1.0), y)
    with pytest.raises(AadTypeError, match="y"):
        fitted.fit(x, ["a"] * len(x))
    with pytest.raises(AadTypeError, match="hidden = 20"):
        TwinNetwork(hidden=20).fit(x, y)  # type: ignore[arg-type]
    with pytest.raises(AadTypeError, match="not an array of floats"):
        fitted.predict([[1.0, 2.0, 3.0], [4.0]])  # type: ignore[list-item]
    with pytest.raises(AadValueError, match="y has 2 outputs: 1 are predicted"):
        fitted.score(x, np.column_stack([y, y]))
    with pytest.raises(AadValueError, match=r"sample_weight has shape \(2,\)"):
        fitted.score(x, y, [1.0, 2.0])
    with pytest.raises(AadValueError, match="validation has 2 arrays"):
        fitted.fit(x, y, dydx, validation=(x, y))
    with pytest.raises(AadValueError, match="no Hessian"):
        TwinNetwork(hidden=(4,), epochs=1, activation="elu").fit(*samples).hessian(x)
    for schedule in (
        lambda: OneCycle(peak=0.0),
        lambda: Cosine(cycles=0),
        lambda: OneCycle(points=((0.0, 1.0), (0.5, 1.0))),
    ):
        with pytest.raises(AadValueError):
            schedule()


def test_the_score_is_that_of_scikit_learn(samples: Samples, fitted: TwinNetwork) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    x, y, _ = samples
    weights = np.abs(x[:, 0])
    assert fitted.score(x, y) == pytest.approx(metrics.r2_score(y, fitted.predict(x)), rel=1e-12)
    assert fitted.score(x, y[:, None], weights) == pytest.approx(
        metrics.r2_score(y, fitted.predict(x), sample_weight=weights), rel=1e-12
    )
    regression = DifferentialRegression(Polynomials(2)).fit(*samples)
    assert regression.score(x, y) == pytest.approx(metrics.r2_score(y, regression.predict(x)), rel=1e-12)


def test_no_warning_within_the_range(samples: Samples, fitted: TwinNetwork) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict_with_greeks(samples[0])


@pytest.mark.filterwarnings("default")
def test_a_training_too_short_says_so(samples: Samples) -> None:
    with pytest.warns(UserWarning, match="training was too short; give more epochs than 1"):
        TwinNetwork(hidden=(4,), epochs=1).fit(*samples)


def test_labels_decide_a_digital(rng: np.random.Generator) -> None:
    """Pathwise derivatives of a jump are zero and teach a flat price; likelihood-ratio ones are noisy and right."""
    x, normals = rng.uniform(0.5, 1.5, (16384, 1)), rng.standard_normal((16384, 1))
    y = 1.0 * (x + 0.2 * normals > 1.0)
    states = np.linspace(0.6, 1.4, 201)[:, None]
    truth = ndtr((states[:, 0] - 1.0) / 0.2)
    with pytest.warns(UserWarning, match=r"dydx of outputs \[0\] is zero in every sample"):
        pathwise = TwinNetwork(hidden=(20, 20)).fit(x, y[:, 0], np.zeros_like(x))
    ratio = TwinNetwork(hidden=(20, 20)).fit(x, y[:, 0], (y - 0.5) * normals / 0.2)
    errors = [rmse(network.predict(states), truth) for network in (ratio, pathwise)]
    assert errors[0] < 1.5 and errors[1] > 10.0 * errors[0]


def test_a_place_that_cannot_be_written_to_is_refused(fitted: TwinNetwork, tmp_path: Path) -> None:
    with pytest.raises(AadValueError, match="cannot be written"):
        fitted.save(tmp_path / "missing" / "model.npz")
