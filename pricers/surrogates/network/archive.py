"""Files of arrays and settings: NumPy archives without pickles, written whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError

VERSION = 1
"""Of the files' format; others are refused."""

Arrays = Mapping[str, npt.NDArray[Any]]


def write_archive(path: str | os.PathLike[str], kind: str, settings: dict[str, Any], arrays: Arrays) -> None:
    """Write arrays and settings (JSON's types) to exactly `path`, through a temporary file beside it."""
    target = Path(path)
    header = json.dumps({"kind": kind, "version": VERSION, "settings": settings})
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
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
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        AttributeError,
    ) as error:
        raise AadValueError(
            f"{os.fspath(path)} is no {kind} file, or is truncated or damaged ({error}): write it anew"
        ) from None
    if read != kind or version != VERSION:
        raise AadValueError(
            f"{os.fspath(path)} is a {read} file of version {version}: this reads {kind} files of version {VERSION}"
        )
    return settings, arrays
