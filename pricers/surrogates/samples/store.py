"""Samples on disk: shards of plain .npy files that are written whole, resumed after a crash and read as memory maps.

folder/manifest.json          what the samples are: problem, seed, labels, sizes, library version
folder/00000-x.npy, -y.npy, -dydx.npy
folder/00000.json             rows and checksums of a shard, written last: without it the shard is not there
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib
from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import whole_number
from pricers.surrogates.samples.problem import Problem
from pricers.surrogates.samples.simulation import Array, Progress, Samples, gathered, sampler
from pricers.whole_files import PARTIAL, write_whole

FORMAT = 1
MANIFEST = "manifest.json"
RESUME = "run write_samples again with the same arguments: it makes what is missing"


def description(given: Any) -> Any:
    """Return what decides about a problem's samples in the types of JSON: the class and fields of dataclasses.

    Raises
    ------
    AadTypeError
        For a field that is no number, text, None, tuple, list, dict, array or dataclass.
    """
    if isinstance(given, bool | int | str) or given is None:
        return given
    if isinstance(given, float | np.floating | np.integer):
        return given.item() if isinstance(given, np.generic) else given
    if isinstance(given, np.ndarray):
        return given.tolist()
    if isinstance(given, tuple | list):
        return [description(item) for item in given]
    if isinstance(given, dict):
        return {str(name): description(item) for name, item in given.items()}
    if is_dataclass(given) and not isinstance(given, type):
        kind = type(given)
        described = {"class": f"{kind.__module__}.{kind.__qualname__}"}
        return described | {
            part.name: description(getattr(given, part.name)) for part in fields(given) if part.init
        }
    raise AadTypeError(
        f"{given!r} cannot be named in a manifest: a problem's fields are numbers, text, arrays and dataclasses of them"
    )


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Samples on disk, shard by shard; nothing is read before it is asked for.

    Attributes
    ----------
    folder : Path
    manifest : dict, what the samples are
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def shard_size(self) -> int:
        """Samples of every shard but the last."""
        return int(self.manifest["shard_size"])

    @property
    def n_shards(self) -> int:
        """Number of shards."""
        return -(-len(self) // self.shard_size)

    def __len__(self) -> int:
        return int(self.manifest["n_samples"])

    def __iter__(self) -> Iterator[Samples]:
        """Yield every shard as memory maps."""
        return (self.shard(k) for k in range(self.n_shards))

    def shard(self, k: int) -> Samples:
        """Return shard k as read-only memory maps."""
        if not 0 <= whole_number("shard", k, 0) < self.n_shards:
            raise AadValueError(f"shard = {k}: there are {self.n_shards}, numbered from 0")
        arrays = {name: _mapped(self.folder, k, name) for name in _names(self.manifest)}
        return Samples(arrays["x"], arrays["y"], arrays.get("dydx"))

    def rows(self, begin: int, end: int) -> Samples:
        """Return samples begin..end-1 in memory, across shards."""
        if not 0 <= begin < end <= len(self):
            raise AadValueError(f"rows {begin} to {end}: must lie within 0 to {len(self)}, at least one")
        parts = []
        for k in range(begin // self.shard_size, (end - 1) // self.shard_size + 1):
            start = k * self.shard_size
            inside = slice(max(0, begin - start), end - start)
            parts.append([None if part is None else np.array(part[inside]) for part in self.shard(k)])
        joined = [
            None if column[0] is None else np.concatenate(column) for column in zip(*parts, strict=True)
        ]
        assert joined[0] is not None and joined[1] is not None
        return Samples(joined[0], joined[1], joined[2])

    def in_memory(self) -> Samples:
        """Return all samples in memory."""
        return self.rows(0, len(self))

    def take(self, rows: npt.ArrayLike) -> Samples:
        """Return the samples of these numbers in their order, in memory: a minibatch across shards."""
        wanted = np.asarray(rows)
        if wanted.dtype.kind not in "iu" or wanted.ndim != 1 or not wanted.size:
            raise AadValueError(f"rows has shape {wanted.shape}: must be a list of whole numbers")
        if wanted.min() < 0 or wanted.max() >= len(self):
            raise AadValueError(
                f"rows reach {wanted.min()} and {wanted.max()}: there are {len(self)} samples"
            )
        shards = wanted // self.shard_size
        taken: list[Array | None] = []
        for position, name in enumerate(("x", "y", "dydx")):
            if name not in _names(self.manifest):
                taken.append(None)
                continue
            whole: Array | None = None
            for k in np.unique(shards).tolist():
                here = shards == k
                part = self.shard(k)[position]
                assert part is not None
                if whole is None:
                    whole = np.empty((wanted.size, *part.shape[1:]), part.dtype)
                whole[here] = part[wanted[here] - k * self.shard_size]
            taken.append(whole)
        assert taken[0] is not None and taken[1] is not None
        return Samples(taken[0], taken[1], taken[2])

    def verify(self) -> None:
        """Read everything and compare checksums; raise `AadValueError` that names the first damaged shard."""
        for k in range(self.n_shards):
            if not _is_whole(self.folder, self.manifest, k, checksums=True):
                raise AadValueError(f"{str(self.folder)!r}: shard {k} is damaged; {RESUME}")


def write_samples(
    problem: Problem,
    n_samples: int,
    folder: str | Path,
    *,
    seed: int,
    shard_size: int = 2**16,
    labels: str | None = None,
    gradients: bool = True,
    antithetic: bool = False,
    dtype: npt.DTypeLike = np.float64,
    executor: Any = None,
    progress: Progress | None = None,
) -> StoredSamples:
    """Simulate samples onto disk shard by shard, or what of them is missing there.

    Whole shards of an earlier run with the same arguments stay, half-written and damaged ones are made again. A larger
    `n_samples` adds to what is there, a smaller one hides what is beyond: a sample depends on the seed and its number
    alone. One run at a time may write to a folder.

    Parameters
    ----------
    problem, n_samples, seed, labels, gradients, antithetic, dtype, executor
        As for `simulate`.
    folder : path, made where it is missing
    shard_size : int, >= 1, samples in a file
    progress : function of (samples on disk, samples in all), optional

    Returns
    -------
    StoredSamples

    Raises
    ------
    AadValueError
        Where the folder holds samples of something else, is no folder of samples, or cannot be written.
    """
    n = whole_number("n_samples", n_samples, 1)
    size = whole_number("shard_size", shard_size, 1)
    make = sampler(problem, seed=seed, labels=labels, gradients=gradients, antithetic=antithetic, dtype=dtype)
    manifest = {
        "format": FORMAT,
        "version": aadlib.__version__,
        "problem": description(problem),
        "inputs": list(problem.inputs),
        "seed": make.seed,
        "labels": problem.LABELS[0] if labels is None else labels,
        "gradients": gradients,
        "antithetic": antithetic,
        "dtype": make.dtype.name,
        "n_outputs": make.n_outputs,
        "shard_size": size,
        "n_samples": n,
    }
    place = Path(folder)
    _require_own(place, manifest)
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / MANIFEST, lambda stream: stream.write(_json(manifest)))
        for k, begin in enumerate(range(0, n, size)):
            end = min(begin + size, n)
            if not _is_whole(place, manifest, k, checksums=True):
                _write_shard(place, k, gathered(make, begin, end, executor))
            if progress is not None:
                progress(end, n)
    except OSError as error:
        raise AadValueError(
            f"folder = {str(folder)!r}: cannot be written ({error.strerror}); make room or choose another place"
        ) from error
    return StoredSamples(place, manifest)


def open_samples(folder: str | Path) -> StoredSamples:
    """Open samples on disk.

    Raises
    ------
    AadValueError
        Where there are none, the manifest is of another format, or a shard is missing or half-written.

    Notes
    -----
    Sizes are compared with the manifest; `StoredSamples.verify` reads the numbers too.
    """
    place = Path(folder)
    manifest = _manifest(place)
    if manifest is None:
        raise AadValueError(f"folder = {str(folder)!r}: holds no {MANIFEST}; name a folder of write_samples")
    stored = StoredSamples(place, manifest)
    for k in range(stored.n_shards):
        if not _is_whole(place, manifest, k, checksums=False):
            raise AadValueError(f"folder = {str(folder)!r}: shard {k} is missing or half-written; {RESUME}")
    return stored


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


def _manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        shape = [
            manifest[name]
            for name in ("format", "dtype", "n_outputs", "shard_size", "n_samples", "inputs", "gradients")
        ]
        assert shape[0] == FORMAT and shape[1] in ("float64", "float32")
        assert all(isinstance(size, int) for size in shape[2:5]) and shape[2] >= 0 < min(shape[3:5])
        assert isinstance(shape[5], list) and isinstance(shape[6], bool)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise AadValueError(
            f"folder = {str(folder)!r}: its {MANIFEST} is damaged or of another format; choose another folder"
        ) from None
    return dict(manifest)


def _require_own(folder: Path, manifest: dict[str, Any]) -> None:
    """Raise where the folder holds samples of something else, or other things."""
    before = _manifest(folder)
    if before is None:
        if folder.exists() and not (
            folder.is_dir() and all(path.suffix == PARTIAL for path in folder.iterdir())
        ):
            raise AadValueError(
                f"folder = {str(folder)!r}: holds other things; name a new or an empty folder"
            )
        return
    wanted = json.loads(_json(manifest))
    differing = [name for name in wanted if name != "n_samples" and before.get(name) != wanted[name]]
    if differing:
        name = differing[0]
        raise AadValueError(
            f"folder = {str(folder)!r}: holds samples of another run: {name} was {before.get(name)!r}, "
            f"is {wanted[name]!r}; choose another folder"
        )


def _names(manifest: dict[str, Any]) -> tuple[str, ...]:
    return ("x", "y", "dydx") if manifest["gradients"] else ("x", "y")


def _file(folder: Path, shard: int, name: str) -> Path:
    return folder / f"{shard:05d}-{name}.npy"


def _mark(folder: Path, shard: int) -> Path:
    return folder / f"{shard:05d}.json"


def _mapped(folder: Path, shard: int, name: str) -> Array:
    path = _file(folder, shard, name)
    array: Array = np.lib.format.open_memmap(path, mode="r")  # only .npy, and no pickles
    return array


def _checksum(array: Array) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data.cast("B"))


def _write_shard(folder: Path, shard: int, samples: Samples) -> None:
    _mark(folder, shard).unlink(missing_ok=True)
    mark: dict[str, Any] = {"rows": len(samples.x)}
    for name, array in zip(Samples._fields, samples, strict=True):
        if array is not None:
            write_whole(
                _file(folder, shard, name),
                partial(np.save, arr=array, allow_pickle=False),
            )
            mark[name] = _checksum(array)
    write_whole(_mark(folder, shard), lambda stream: stream.write(_json(mark)))


def _is_whole(folder: Path, manifest: dict[str, Any], shard: int, *, checksums: bool) -> bool:
    """Return whether a shard is on disk with the sizes it must have, and where asked for with its numbers."""
    size, n = manifest["shard_size"], manifest["n_samples"]
    rows = min(size, n - shard * size)
    outputs = (manifest["n_outputs"],) if manifest["n_outputs"] else ()
    d = len(manifest["inputs"])
    shapes = {"x": (rows, d), "y": (rows, *outputs), "dydx": (rows, *outputs, d)}
    try:
        mark = json.loads(_mark(folder, shard).read_text(encoding="utf-8"))
        if mark["rows"] != rows:
            return False
        for name in _names(manifest):
            array = _mapped(folder, shard, name)  # fails where the file is shorter than its header says
            if array.shape != shapes[name] or array.dtype.name != manifest["dtype"]:
                return False
            if checksums and _checksum(array) != mark[name]:
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True
