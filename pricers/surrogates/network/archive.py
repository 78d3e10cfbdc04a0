"""Files of arrays and settings: NumPy archives without pickles, written whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from pricers.whole_files import write_whole

VERSION = 1
"""Of the files' format; others are refused."""

DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, AttributeError,
    RuntimeError, MemoryError, OSError,
)  # fmt: skip
"""What NumPy and zipfile raise on damaged files, each in its own way."""

Arrays = Mapping[str, npt.NDArray[Any]]


def write_archive(path: str | os.PathLike[str], kind: str, settings: dict[str, Any], arrays: Arrays) -> None:
    """Write arrays and settings (JSON's types) to exactly `path`, through a temporary file beside it."""
    header = json.dumps({"kind": kind, "version": VERSION, "settings": settings}, default=_python_number)
    write_file(path, lambda stream: np.savez(stream, allow_pickle=False, header=np.array(header), **arrays))


def write_file(path: str | os.PathLike[str], write: Callable[[Any], object]) -> None:
    """Write a file with `write(stream)`, whole or not at all.

    Raises
    ------
    AadValueError
        When it cannot be written.
    """
    try:
        write_whole(path, write)
    except OSError as error:
        raise AadValueError(
            f"{os.fspath(path)} cannot be written ({error.strerror}): choose another place"
        ) from error


def _python_number(given: Any) -> Any:
    """Return a number of NumPy as one of Python, for JSON."""
    if isinstance(given, np.generic):
        return given.item()
    raise AadTypeError(
        f"{given!r} cannot be written to a file: settings are numbers, text, None and tuples of them"
    )


def read_archive(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return the settings and arrays of a file.

    Raises
    ------
    AadValueError
        When the file is truncated, damaged, foreign, of another kind or of another version; FileNotFoundError and its
        kin go through.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        read, version, settings = header["kind"], header["version"], header["settings"]
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except DAMAGE as error:
        raise AadValueError(
            f"{os.fspath(path)} is no {kind} file, or is truncated or damaged ({error}): write it anew"
        ) from None
    if read != kind or version != VERSION:
        raise AadValueError(
            f"{os.fspath(path)} is a {read} file of version {version}: this reads {kind} files of version {VERSION}"
        )
    return settings, arrays
