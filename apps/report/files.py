"""Write files and report folders whole or not at all.

A file is written beside its destination and moved over it; a folder is filled beside its destination and swapped in.
Whoever interrupts the program finds the old version or the new one, never a mixture.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from apps.report.text import inert

MANIFEST = "manifest.csv"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, or leave what was there.

    Raises
    ------
    AadValueError
        The folder is missing or may not be written to.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    partial = _sibling(path, "partial")
    try:
        with open(partial, "xb") as stream:
            stream.write(data)
        os.replace(partial, path)
    except OSError as error:
        raise AadValueError(
            f"path = {str(path)!r}: cannot be written ({error.strerror}); choose another place"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def csv_text(columns: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]]) -> str:
    """Return equal-length columns as CSV text that depends on the numbers alone.

    Floats carry twelve significant digits, missing values (None, NaN) are empty, lines end with a bare newline. Text
    that a spreadsheet would run as a formula has an apostrophe before it, and control characters are written out.

    Raises
    ------
    AadValueError
        The columns differ in length.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise AadValueError(f"columns have lengths {lengths}: must all be equal")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([inert(name) for name in columns])
    writer.writerows(zip(*map(_fields, columns.values()), strict=True))
    return stream.getvalue()


def _fields(column: Sequence[Any] | np.ndarray[Any, Any]) -> list[str]:
    if isinstance(column, np.ndarray) and column.dtype == np.float64:  # a third of the time of one by one
        return [f"{number:.12g}" if number == number else "" for number in (column + 0.0).tolist()]
    return [_field(item) for item in column]


def _field(item: Any) -> str:
    if item is None:
        return ""
    if isinstance(item, (bool, np.bool_)):
        return "true" if item else "false"
    if isinstance(item, (float, np.floating)):
        if np.isnan(item):
            return ""
        return f"{item + 0.0:.12g}"  # the sum turns -0.0 into 0.0
    return inert(str(item)) if isinstance(item, str) else str(item)


def require_replaceable(folder: Path) -> None:
    """Refuse a folder that holds anything but what a report wrote, or that is or holds the working directory.

    Raises
    ------
    AadValueError
        `folder` is a file or a link, is or holds the working directory, holds an entry that its own manifest does not
        list or whose bytes are others than listed, or cannot be read.
    """
    try:
        if folder.is_symlink():
            raise AadValueError(f"out = {str(folder)!r}: is a link; name the folder it points to")
        if not folder.exists():
            return
        if not folder.is_dir():
            raise AadValueError(f"out = {str(folder)!r}: is a file; name a folder")
        if Path.cwd().is_relative_to(folder.resolve()):
            raise AadValueError(
                f"out = {str(folder)!r}: is or holds the working directory, which replacing it would take away; "
                "name a folder in it"
            )
        _require_unchanged(folder)
    except OSError as error:
        raise AadValueError(
            f"out = {str(folder)!r}: cannot be read ({error.strerror}); name another folder"
        ) from error


def _require_unchanged(folder: Path) -> None:
    """Refuse a folder with anything in it that is not, byte for byte, in its manifest."""
    listed = _listed(folder / MANIFEST)
    for entry in sorted(folder.iterdir()):
        if entry.name == MANIFEST:
            continue
        if entry.name not in listed or entry.is_symlink() or not entry.is_file():
            raise AadValueError(
                f"out = {str(folder)!r}: holds {entry.name!r}, which no report wrote; name a new or an empty folder"
            )
        if hashlib.sha256(entry.read_bytes()).hexdigest() != listed[entry.name]:
            raise AadValueError(
                f"out = {str(folder)!r}: {entry.name!r} was changed after the report was written; move it away or "
                "name another folder"
            )


def _listed(manifest: Path) -> dict[str, str]:
    """Return file -> sha256 of a manifest, empty where there is none."""
    if not manifest.is_file():
        return {}
    try:
        with open(manifest, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(
            f"out = {str(manifest.parent)!r}: {MANIFEST!r} is none that a report wrote ({error}); "
            "name a new or an empty folder"
        ) from error
    return {row["file"]: row["sha256"] for row in rows if row.get("file") and row.get("sha256")}


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well, and vanishes when it does not.

    A manifest (file, bytes, sha256) is added, by which a later report knows that it may replace this one.

    Raises
    ------
    AadValueError
        `folder` holds foreign files, or cannot be created.
    """
    folder = Path(os.path.abspath(folder))
    require_replaceable(folder)
    staging = _sibling(folder, "partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
    except OSError as error:
        raise AadValueError(
            f"out = {str(folder)!r}: cannot be created ({error.strerror}); choose another place"
        ) from error
    try:
        yield staging
        write_whole(staging / MANIFEST, _manifest(staging))
        with _interrupts_held():
            _swap_in(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _manifest(folder: Path) -> str:
    files = sorted(entry for entry in folder.iterdir() if entry.name != MANIFEST)
    contents = [entry.read_bytes() for entry in files]
    return csv_text(
        {
            "file": [entry.name for entry in files],
            "bytes": [len(content) for content in contents],
            "sha256": [hashlib.sha256(content).hexdigest() for content in contents],
        }
    )


def _swap_in(staging: Path, folder: Path) -> None:
    """Move `staging` to `folder`; if that fails after the old folder was moved away, move it back."""
    previous = _sibling(folder, "previous")
    try:
        if folder.exists():
            os.rename(folder, previous)
        os.rename(staging, folder)
    finally:
        if previous.exists():
            if folder.exists():
                shutil.rmtree(previous)
            else:
                os.rename(previous, folder)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait until the block is over; only the main thread receives it, so others need no holding."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        waiting.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting:
        raise KeyboardInterrupt


def _sibling(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{ending}")
