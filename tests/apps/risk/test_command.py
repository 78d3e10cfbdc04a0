"""The risk program end to end on the shipped chain, and what bad input gets."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.risk import command

SMALL = [
    "risk",
    "--strikes",
    "7",
    "--expiries",
    "6",
    "--max-years",
    "0.6",
    "--smiles",
    "2",
    "--holdout",
    "0.2",
]
SHORT = ["--max-years", "0.15", "--smiles", "1", "--holdout", "0", "--no-desk"]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "AADLIB_NUM_THREADS")
HEADER = "quote_date,spot,root,expiry,strike,cp,bid,ask,last,volume,open_interest,iv\n"


def run(out: Path, *extra: str) -> int:
    return main([*SMALL, "--out", str(out), *extra])


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, float]:
    """Two reports of the same chain, from processes with one thread and two, and the seconds that the second took."""
    folder = tmp_path_factory.mktemp("reports")
    for threads in ("1", "2"):
        start = time.perf_counter()
        arguments = [sys.executable, "-m", "apps", *SMALL, "--out", str(folder / threads)]
        environment = {**os.environ, **dict.fromkeys(THREADS, threads)}
        subprocess.run(arguments, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=120)
    return folder / "1", folder / "2", time.perf_counter() - start


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_two_runs_are_byte_identical(reports: tuple[Path, Path, float]) -> None:
    """Whatever the number of threads, ours and the linear algebra library's: the program leaves that one."""
    first, second, _ = reports
    assert sorted(os.listdir(first)) == sorted(os.listdir(second))
    for name in os.listdir(first):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_it_takes_seconds(reports: tuple[Path, Path, float]) -> None:
    assert reports[2] < 20.0


def test_the_files_agree_with_each_other(reports: tuple[Path, Path, float]) -> None:
    folder = reports[0]
    greeks = {row["greek"]: float(row["value"]) for row in read(folder / "greeks.csv")}
    book = read(folder / "book.csv")
    for name, tolerance in (("value", 1e-9), ("delta", 1e-9), ("gamma", 1e-5), ("vega", 1e-9)):
        column = "local_vega" if name == "vega" else name
        assert sum(float(row[column]) for row in book) == pytest.approx(greeks[name], rel=tolerance), name
    hessian = read(folder / "hessian.csv")
    labels = [row[""] for row in hessian]
    matrix = np.array([[float(row[label]) for label in labels] for row in hessian])
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix[0, 0] == pytest.approx(greeks["gamma"], rel=1e-9)
    assert labels[:2] == ["spot", "rate"]
    assert len(labels) == 2 + len(read(folder / "surface_weights.csv"))
    vega = sum(float(row["vega"]) for row in read(folder / "vega.csv"))
    assert vega == pytest.approx(greeks["vega"], rel=1e-9)
    quotes = read(folder / "quotes.csv")
    dropped = {row["reason"]: int(row["rows"]) for row in read(folder / "dropped.csv")}
    assert dropped["kept"] == len(quotes)
    assert {row["inside_bid_ask"] for row in quotes} <= {"true", "false"}


def test_the_checks_hold(reports: tuple[Path, Path, float]) -> None:
    for row in read(reports[0] / "checks.csv"):
        ours, other = float(row["report"]), float(row["independent"])
        tolerance = 1e-4 if "same grid" in row["how"] else 2e-2
        assert ours == pytest.approx(other, rel=tolerance), row


def test_another_method_gives_the_same_hessian(reports: tuple[Path, Path, float], tmp_path: Path) -> None:
    quick = ["--no-desk", "--smiles", "1", "--holdout", "0"]
    assert run(tmp_path / "report", "--method", "taylor", *quick) == 0
    pairs = zip(read(reports[0] / "hessian.csv"), read(tmp_path / "report" / "hessian.csv"), strict=True)
    matrices = [
        np.array([list(row.values())[1:] for row in rows], dtype=float) for rows in zip(*pairs, strict=True)
    ]
    np.testing.assert_allclose(matrices[1], matrices[0], rtol=1e-7, atol=1e-9 * np.abs(matrices[0]).max())


def test_the_page_holds_everything_itself(reports: tuple[Path, Path, float]) -> None:
    page = (reports[0] / "report.html").read_text(encoding="utf-8")
    assert "src=" not in page.replace('src="data:', "") and "<link" not in page and page.count("<script") == 1
    for section in (
        "Fit",
        "Smiles",
        "Surface",
        "Book and Greeks",
        "Ladders and stress",
        "Vega",
        "Hessian",
        "Checks",
    ):
        assert f"{section}</h2>" in page
    assert page.count("<svg ") == 2 + 3 + 2 + 3 + 1


def test_a_pipe_gets_tables_and_no_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "report", *SHORT) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "held-out" not in shown.out
    for title in (
        "The chain",
        "Fit of implied volatilities",
        "Book",
        "Greeks of the book",
        "Bucketed vega",
        "Wall time",
    ):
        assert f"\n{title}\n" in f"\n{shown.out}"
    assert shown.out.rstrip().splitlines()[-1].endswith(str(tmp_path / "report"))


def test_a_book_of_ones_own(reports: tuple[Path, Path, float], tmp_path: Path) -> None:
    held = read(reports[0] / "book.csv")[0]
    book = tmp_path / "book.csv"
    book.write_text(
        f"quantity,expiry,strike,cp\n2,{held['expiry']},{held['strike']},call\n-1,{held['expiry']},{held['strike']},P\n"
    )
    assert run(tmp_path / "own", "--book", str(book), *SHORT) == 0
    mine = read(tmp_path / "own" / "book.csv")
    assert [row["quantity"] for row in mine] == ["2", "-1"]
    assert [row["cp"] for row in mine] == ["C", "P"]


def test_a_book_that_nets_to_zero_has_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book.csv"
    book.write_text("quantity,expiry,strike,cp\n1,2005-10-21,1225,C\n-1,2005-10-21,1225,C\n")
    assert run(tmp_path / "report", "--book", str(book), *SHORT) == 0
    assert "Checked independently" in capsys.readouterr().out
    assert {float(row["value"]) for row in read(tmp_path / "report" / "greeks.csv")} == {0.0}


def test_one_expiry_is_enough(tmp_path: Path) -> None:
    assert run(tmp_path / "report", *SHORT, "--max-years", "0.025") == 0
    assert len(read(tmp_path / "report" / "slices.csv")) == 1


def quote_rows(bid: float, ask: float, expiry: str = "2030-06-21", date: str = "2030-01-02") -> str:
    """Return a chain of one expiry, every quote with the same bid and ask."""
    strikes = range(80, 125, 5)
    return HEADER + "".join(
        f"{date},100,SPXW,{expiry},{k},{cp},{bid},{ask},1,1,500,0\n" for k in strikes for cp in "CP"
    )


BAD_CHAINS: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "chain.csv"),
    "empty": (b"", "empty"),
    "header only": (HEADER.encode(), "no rows"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\xff" * 50, "binary"),
    "truncated": (quote_rows(1.0, 2.0).encode()[:-25], "truncated"),
    "missing columns": (b"quote_date,spot\n2030-01-02,100\n", "missing columns: expiry"),
    "all crossed": (quote_rows(2.0, 1.0).encode(), "nothing left"),
    "past expiries": (quote_rows(1.0, 2.0, expiry="2029-06-21").encode(), "nothing left"),
    "not a number": (quote_rows(1.0, 2.0).replace(",85,", ",eighty-five,").encode(), "eighty-five"),
}


@pytest.mark.parametrize("case", BAD_CHAINS)
def test_bad_chains_get_one_line_and_no_report(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, expected = BAD_CHAINS[case]
    chain = tmp_path / "chain.csv"
    if content is not None:
        chain.write_bytes(content)
    assert run(tmp_path / "report", str(chain)) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert expected in shown.err
    assert shown.out == ""
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "missing columns quantity"),
        ("quantity,expiry,strike\n1,2005-12-16,1200\n", "missing columns cp"),
        ("quantity,expiry,strike,cp\n", "no positions"),
        ("quantity,expiry,strike,cp\n1,2005-12-16,1200,X\n", "neither a call nor a put"),
        ("quantity,expiry,strike,cp\none,2005-12-16,1200,C\n", "one"),
        ("quantity,expiry,strike,cp\n1,soon,1200,C\n", "soon"),
        ("quantity,expiry,strike,cp\n1,2005-12-16,-5,C\n", "strike = -5.0"),
        ("quantity,expiry,strike,cp\n1,2005-09-15,1200,C\n", "expired, the quotes are of 2005-09-15"),
        ("quantity,expiry,strike,cp\n1e308,2005-12-16,1200,C\n", "quantity times multiplier = 1e+308"),
        ("quantity,expiry,strike,cp,root\n1,2005-12-16,1200,C,NDX\n", "no slice NDX"),
    ],
)
def test_bad_books(content: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book.csv"
    book.write_text(content)
    assert run(tmp_path / "report", "--book", str(book)) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert expected in shown.err
    assert not (tmp_path / "report").exists()


def test_a_bad_book_is_refused_before_anything_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pricers.calibration

    monkeypatch.setattr(pricers.calibration, "calibrate", None)
    assert run(tmp_path / "report", "--book", str(tmp_path / "none.csv")) == 2


@pytest.mark.parametrize(
    "option",
    [
        ["--smiles", "0"],
        ["--strikes", "2"],
        ["--holdout", "1.5"],
        ["--max-years", "-1"],
        ["--book", "none.csv"],
        ["--stress", "none.csv"],
        ["--stress", "none.csv", "--no-desk"],
        ["--multiplier", "0"],
        ["--xlsx", "--no-report"],
    ],
)
def test_bad_options(option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "report", *option) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    assert run(tmp_path) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_an_interrupt_while_writing_leaves_the_previous_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    assert run(out, *SHORT) == 0
    before = {name: (out / name).read_bytes() for name in os.listdir(out)}
    write: Callable[[Path, str], None] = command.write_whole

    def interrupted(path: Path, content: str) -> None:
        if path.name == "hessian.csv":
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(command, "write_whole", interrupted)
    assert run(out, *SHORT) == 130
    assert "interrupted" in capsys.readouterr().err
    assert {name: (out / name).read_bytes() for name in os.listdir(out)} == before
    assert os.listdir(tmp_path) == ["report"]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_the_program_cleanly(number: signal.Signals, code: int, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from apps.risk import command\n"
        "from apps.__main__ import main\n"
        "def wait(*_):\n"
        "    print('ready', flush=True)\n"
        "    while True:  # not one sleep: a signal just before it would wait for its end\n"
        "        time.sleep(0.05)\n"
        "command.calculate = wait\n"
        "sys.exit(main(['risk', '--out', sys.argv[1]]))\n"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "report")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        child.send_signal(number)
        _, errors = child.communicate(timeout=30)
    assert child.returncode == code
    assert "Traceback" not in errors
    assert os.listdir(tmp_path) == []


def test_without_a_report_the_tables_are_printed_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["risk", *SHORT, "--no-report"]) == 0
    shown = capsys.readouterr().out
    assert os.listdir(tmp_path) == [] and "report:" not in shown
    order = [
        "Greeks of the book",
        "Fit of implied volatilities",
        "Checked independently",
        "Greeks printed after",
    ]
    assert sorted(map(shown.index, order)) == list(map(shown.index, order))
