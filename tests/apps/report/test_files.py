"""Files and folders are written whole or not at all, and the same numbers give the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadValueError
from apps.report.files import MANIFEST, csv_text, require_replaceable, staged_folder, write_whole


def names(folder: Path) -> list[str]:
    """Return what a folder holds, hidden entries included."""
    return sorted(os.listdir(folder))


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")
    write_whole(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_that_cannot_be_moved_into_place_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(AadValueError, match="cannot be written"):
        write_whole(tmp_path / "taken", "text")
    assert names(tmp_path) == ["taken"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AadValueError, match="nowhere"):
        write_whole(tmp_path / "nowhere" / "a.txt", "text")


def test_csv_has_fixed_formats() -> None:
    text = csv_text(
        {
            "a": [1, 2],
            "b": np.array([1.0 / 3.0, np.nan]),
            "c": ["x,y", None],
            "d": [True, np.False_],
            "e": [-0.0, 1e300],
        }
    )
    assert text == 'a,b,c,d,e\n1,0.333333333333,"x,y",true,0\n2,,,false,1e+300\n'


def test_csv_columns_must_match() -> None:
    with pytest.raises(AadValueError, match=r"'a': 1, 'b': 2"):
        csv_text({"a": [1], "b": [1, 2]})


def test_a_folder_appears_with_its_manifest(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "deep" / "report") as staging:
        write_whole(staging / "x.csv", "a\n1\n")
        assert not (tmp_path / "deep" / "report").exists()
    assert names(tmp_path / "deep") == ["report"]
    assert names(tmp_path / "deep" / "report") == [MANIFEST, "x.csv"]
    assert (tmp_path / "deep" / "report" / MANIFEST).read_text().splitlines()[1].startswith("x.csv,4,")


def test_a_report_replaces_a_report_wholly(tmp_path: Path) -> None:
    for name in ("first.csv", "second.csv"):
        with staged_folder(tmp_path / "report") as staging:
            write_whole(staging / name, name)
    assert names(tmp_path / "report") == [MANIFEST, "second.csv"]
    assert names(tmp_path) == ["report"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_previous_report(tmp_path: Path, error: type[BaseException]) -> None:
    with staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "kept.csv", "kept")
    with pytest.raises(error), staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "half.csv", "half")
        raise error
    assert names(tmp_path) == ["report"]
    assert names(tmp_path / "report") == ["kept.csv", MANIFEST]


def test_a_failing_swap_brings_the_previous_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "kept.csv", "kept")
    rename = os.rename

    def fail_on_the_new_one(source: Path, target: Path) -> None:
        if str(source).endswith(".partial"):
            raise OSError("disk on fire")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_on_the_new_one)
    with pytest.raises(OSError, match="on fire"), staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "new.csv", "new")
    assert names(tmp_path) == ["report"]
    assert names(tmp_path / "report") == ["kept.csv", MANIFEST]


def test_foreign_files_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(AadValueError, match=r"thesis\.tex"):
        require_replaceable(tmp_path)
    with pytest.raises(AadValueError, match="is a file"):
        require_replaceable(tmp_path / "thesis.tex")
    with pytest.raises(AadValueError, match="is a link"):
        (tmp_path / "link").symlink_to(tmp_path)
        require_replaceable(tmp_path / "link")


@pytest.mark.parametrize("where", [".", "..", "../..", "working"])
def test_the_working_directory_is_not_taken_away(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "above" / "working"
    working.mkdir(parents=True)
    monkeypatch.chdir(working)
    (tmp_path / "above" / "link").symlink_to(tmp_path / "above")
    folder = tmp_path / "above" / "link" / "working" if where == "working" else Path(where)
    with pytest.raises(AadValueError, match="working directory"):
        require_replaceable(folder)
    require_replaceable(Path("report"))


def test_a_manifest_lists_bytes_not_only_names(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "report.html", "numbers")
    require_replaceable(tmp_path / "report")
    (tmp_path / "report" / "report.html").write_text("numbers, and notes in the margin")
    with (
        pytest.raises(AadValueError, match=r"'report\.html' was changed"),
        staged_folder(tmp_path / "report"),
    ):
        raise AssertionError("the block must not be entered")
    assert (tmp_path / "report" / "report.html").read_text().endswith("margin")
    (tmp_path / "report" / "report.html").unlink()
    require_replaceable(tmp_path / "report")  # what is gone cannot be lost


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (b"file\nthesis.txt\n", "which no report wrote"),
        (b"file,bytes,sha256\nthesis.txt,14,0\n", "was changed"),
        (b"file,sha256\n\xff\xfe,1\n", "none that a report wrote"),
    ],
)
def test_a_foreign_manifest_protects_what_it_lists(manifest: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / MANIFEST).write_bytes(manifest)
    with pytest.raises(AadValueError, match=expected):
        require_replaceable(tmp_path)


def test_a_folder_under_a_listed_name_is_foreign(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "report") as staging:
        write_whole(staging / "a.csv", "a")
    (tmp_path / "report" / "a.csv").unlink()
    (tmp_path / "report" / "a.csv").mkdir()
    with pytest.raises(AadValueError, match="which no report wrote"):
        require_replaceable(tmp_path / "report")


def test_what_cannot_be_looked_at_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AadValueError, match=r"cannot be read \(File name too long\)"):
        require_replaceable(tmp_path / ("x" * 300))

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(AadValueError, match=r"cannot be read \(Permission denied\)"):
        require_replaceable(tmp_path)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_in_another_process_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from apps.report.files import staged_folder, write_whole\n"
        "with staged_folder(pathlib.Path(sys.argv[1]) / 'report') as staging:\n"
        "    write_whole(staging / 'half.csv', 'half')\n"
        "    print('ready', flush=True)\n"
        "    while True:  # not one sleep: a signal just before it would wait for its end\n"
        "        time.sleep(0.05)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with child:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        assert len(names(tmp_path)) == 1
        child.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 20.0
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        child.kill()
    assert names(tmp_path) == []
