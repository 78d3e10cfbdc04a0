"""Samples on disk: shards, crashes, memory maps, and folders of something else."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.surrogates import (
    BachelierBasket,
    BlackScholesCall,
    DigitalCall,
    open_samples,
    random_netting_set,
    simulate,
    write_samples,
)
from pricers.surrogates.samples import store

PROBLEM = BachelierBasket(n_assets=3)
N, SIZE = 5000, 1500


def written(folder: Path, **options: object) -> store.StoredSamples:
    """Write the samples all tests share."""
    return write_samples(PROBLEM, N, folder, seed=5, shard_size=SIZE, **options)  # type: ignore[arg-type]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_read_is_what_simulate_returns(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    written(tmp_path / "samples", progress=lambda *report: reports.append(report))
    assert reports == [(1500, N), (3000, N), (4500, N), (N, N)]
    stored = open_samples(tmp_path / "samples")
    stored.verify()
    whole = simulate(PROBLEM, N, seed=5)
    rows = np.array([4999, 0, 1499, 1500, 3000, 0])
    assert (
        len(stored) == N and stored.n_shards == 4 and [len(shard.x) for shard in stored] == [1500] * 3 + [500]
    )
    assert isinstance(stored.shard(1).dydx, np.memmap) and not stored.shard(1).x.flags.writeable
    for all_of_it, read, part, some in zip(
        whole, stored.in_memory(), stored.rows(1400, 3100), stored.take(rows), strict=True
    ):
        assert all_of_it is not None and read is not None and part is not None and some is not None
        np.testing.assert_array_equal(all_of_it, read)
        np.testing.assert_array_equal(all_of_it[1400:3100], part)
        np.testing.assert_array_equal(all_of_it[rows], some)


def test_values_alone_and_single_precision(tmp_path: Path) -> None:
    stored = written(tmp_path, gradients=False, dtype="float32")
    assert stored.shard(0).dydx is None and stored.in_memory().dydx is None and stored.take([3]).dydx is None
    assert stored.shard(3).y.dtype == np.float32
    np.testing.assert_array_equal(stored.in_memory().y, simulate(PROBLEM, N, seed=5, dtype="float32").y)


def test_the_same_bytes_whoever_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "threads")
    with ThreadPoolExecutor(3) as executor:
        written(tmp_path / "executor", executor=executor)
    monkeypatch.setenv("AADLIB_NUM_THREADS", "1")
    written(tmp_path / "alone")
    assert bytes_of(tmp_path / "threads") == bytes_of(tmp_path / "executor") == bytes_of(tmp_path / "alone")


DAMAGES = (
    "truncated", "missing", "unmarked", "changed", "torn mark", "other shape", "empty", "an archive", "a torn archive"
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_half_written_shard_is_found_and_made_again(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    before = bytes_of(tmp_path)
    victim, mark = tmp_path / "00001-dydx.npy", tmp_path / "00001.json"
    if damage == "truncated":
        victim.write_bytes(victim.read_bytes()[:-8])
    elif damage == "missing":
        victim.unlink()
    elif damage == "unmarked":
        mark.unlink()
    elif damage == "torn mark":
        mark.write_text('{"rows": 15')
    elif damage == "empty":
        victim.write_bytes(b"")
    elif damage == "an archive":
        with open(victim, "wb") as stream:
            np.savez(stream, a=np.zeros(3))
    elif damage == "a torn archive":
        victim.write_bytes(b"PK\x03\x04" + victim.read_bytes())
    elif damage == "other shape":
        np.save(victim, np.zeros(3))
    else:
        victim.write_bytes(victim.read_bytes()[:-1] + b"\x01")
    if damage == "changed":
        with pytest.raises(AadValueError, match=r"shard 1 is damaged; run write_samples again"):
            open_samples(tmp_path).verify()
    else:
        with pytest.raises(
            AadValueError, match=r"shard 1 is missing or half-written; run write_samples again"
        ):
            open_samples(tmp_path)
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    written(tmp_path).verify()
    assert bytes_of(tmp_path) == before
    assert (tmp_path / "00000-x.npy").stat().st_mtime_ns == times["00000-x.npy"], (
        "a whole shard was made again"
    )


def test_a_crash_leaves_whole_shards_that_the_next_run_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crashed(Exception):
        pass

    made: list[int] = []

    def crash(folder: Path, shard: int, samples: object) -> None:
        if shard == 2:
            (folder / "00002-x.npy.partial").write_bytes(b"torn")
            raise Crashed
        made.append(shard)
        write_shard(folder, shard, samples)  # type: ignore[arg-type]

    write_shard = store._write_shard
    monkeypatch.setattr(store, "_write_shard", crash)
    with pytest.raises(Crashed):
        written(tmp_path)
    monkeypatch.setattr(
        store,
        "_write_shard",
        lambda folder, shard, samples: (made.append(shard), write_shard(folder, shard, samples)),
    )
    written(tmp_path).verify()
    assert made == [0, 1, 2, 3]
    assert not list(tmp_path.glob("*.partial"))


def test_more_samples_add_to_what_is_there(tmp_path: Path) -> None:
    written(tmp_path)
    first = (tmp_path / "00000-x.npy").stat().st_mtime_ns
    grown = write_samples(PROBLEM, 7000, tmp_path, seed=5, shard_size=SIZE)
    assert (tmp_path / "00000-x.npy").stat().st_mtime_ns == first
    np.testing.assert_array_equal(grown.in_memory().y, simulate(PROBLEM, 7000, seed=5).y)


def test_the_manifest_says_what_the_samples_are(tmp_path: Path) -> None:
    netting_set = random_netting_set(n_assets=2, n_trades=4, n_baskets=1, maturity=1)
    write_samples(netting_set.exposure(0.5), 10, tmp_path, seed=1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["inputs"] == ["rate", "spot[0]", "spot[1]"] and manifest["labels"] == "pathwise"
    assert manifest["problem"]["horizon"] == 0.5
    assert manifest["problem"]["netting_set"]["market"]["spots"] == netting_set.market.spots.tolist()
    assert len(manifest["problem"]["netting_set"]["trades"]) == 4


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(AadValueError, match=r"holds no manifest.json; name a folder of write_samples"):
        open_samples(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(AadValueError, match=r"holds other things; name a new or an empty folder"):
        written(tmp_path)
    with pytest.raises(AadValueError, match=r"holds other things"):
        written(tmp_path / "notes.txt")
    written(tmp_path / "samples")
    for options, field in (({"seed": 6}, "seed was 5, is 6"), ({"antithetic": True}, "antithetic was False")):
        with pytest.raises(AadValueError, match=rf"holds samples of another run: {field}"):
            write_samples(PROBLEM, N, tmp_path / "samples", **{"seed": 5, "shard_size": SIZE} | options)  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match=r"another run: problem was"):
        write_samples(BlackScholesCall(), N, tmp_path / "samples", seed=5, shard_size=SIZE)
    for text in ("{", "[]", '{"format": 99}'):
        (tmp_path / "samples" / "manifest.json").write_text(text)
        with pytest.raises(AadValueError, match=r"manifest.json is damaged or of another format"):
            open_samples(tmp_path / "samples")
    with pytest.raises(AadValueError, match=r"shard_size = 0"):
        write_samples(PROBLEM, N, tmp_path / "new", seed=1, shard_size=0)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(AadValueError, match=r"cannot be written \(No space left on device\); make room"):
        written(tmp_path / "samples")


def test_bad_rows(tmp_path: Path) -> None:
    stored = written(tmp_path)
    with pytest.raises(AadValueError, match=r"shard = 4: there are 4, numbered from 0"):
        stored.shard(4)
    with pytest.raises(AadValueError, match=r"rows 10 to 5001: must lie within 0 to 5000"):
        stored.rows(10, 5001)
    with pytest.raises(AadValueError, match=r"rows reach 0 and 5000: there are 5000 samples"):
        stored.take([0, 5000])
    with pytest.raises(AadValueError, match=r"must be a list of whole numbers"):
        stored.take([0.5])


def test_a_problem_that_cannot_be_named() -> None:
    with pytest.raises(AadTypeError, match=r"cannot be named in a manifest"):
        store.description(lambda x: x)
    assert store.description(DigitalCall())["strike"] == 100.0
    assert store.description({"a": np.float64(1.5), "b": (np.int64(2), None)}) == {"a": 1.5, "b": [2, None]}
