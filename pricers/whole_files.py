"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTIAL = ".partial"
"""Ends the name of a file while it is written."""


def write_whole(path: str | os.PathLike[str], write: Callable[[Any], object]) -> None:
    """Write a file beside its place, with `write(stream)`, and move it there once it is on the disk."""
    target = Path(path)
    beside = target.with_name(f"{target.name}{PARTIAL}")
    try:
        with open(beside, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
