"""Files of arrays and settings: NumPy archives without pickles, written whole or not at all."""

from __future__ import annotations

import json
import os
import threading
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError

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
    target = Path(path)
    header = json.dumps({"kind": kind, "version": VERSION, "settings": settings}, default=_python_number)
    partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        with open(partial, "wb") as stream:
            np.savez(stream, allow_pickle=False, header=np.array(header), **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, target)
    except OSError as error:
        raise AadValueError(
            f"{os.fspath(path)} cannot be written ({error.strerror}): choose another place"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


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
