"""A report of every product, and of files whose text is hostile or whose outputs are closed."""

from __future__ import annotations

import csv
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main

from .test_loading import chain_text

SMALL = ["--strikes", "6", "--expiries", "5", "--smiles", "1", "--holdout", "0", "--paths", "512"]
QUICK = [*SMALL, "--no-desk"]


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the report of the book of every product that ships with the package."""
    out = tmp_path_factory.mktemp("mixed") / "report"
    book = str(files("apps.data") / "mixed_book.csv")
    assert main(["risk", "--book", book, *SMALL, "--out", str(out)]) == 0
    return out


def test_every_product_is_in_the_totals(report: Path) -> None:
    book, greeks = read(report / "book.csv"), {row["greek"]: row for row in read(report / "greeks.csv")}
    assert {row["product"] for row in book} == {"vanilla", "american", "barrier", "digital", "asian"}
    for name, tolerance in (("value", 1e-9), ("delta", 1e-9), ("gamma", 1e-4), ("vega", 1e-9)):
        column = "local_vega" if name == "vega" else name
        total = sum(float(row[column]) for row in book)
        assert total == pytest.approx(float(greeks[name]["value"]), rel=tolerance), name
        assert float(greeks[name]["stderr"]) > 0.0
    engines = {row["product"]: row["engine"].split(",")[0] for row in book}
    assert engines == {
        "vanilla": "forward PDE",
        "american": "backward PDE",
        "barrier": "backward PDE",
        "digital": "backward PDE",
        "asian": "Monte Carlo",
    }
    assert [row["rebate"] for row in book if row["product"] == "barrier"] == ["0", "5"]
    assert {row["black_vega"] == "" for row in book if row["product"] != "vanilla"} == {True}


def test_products_have_their_own_numbers(report: Path) -> None:
    rows = read(report / "products.csv")
    by_position: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        by_position.setdefault(row["position"], {})[row["greek"]] = row
    assert list(by_position) == ["3", "4", "5", "6", "7", "8", "9"]
    book = read(report / "book.csv")
    for number, greeks in by_position.items():
        position = book[int(number) - 1]
        assert float(greeks["delta"]["value"]) == pytest.approx(float(position["delta"]), rel=1e-10)
        vegas = [float(row["value"]) for name, row in greeks.items() if name.startswith("vega ")]
        assert sum(vegas) == pytest.approx(float(greeks["vega"]["value"]), rel=1e-9)
        simulated = position["product"] == "asian"
        assert {bool(row["stderr"]) for row in greeks.values()} == ({True} if simulated else {False})


def test_checks_and_files_agree(report: Path) -> None:
    checks = read(report / "checks.csv")
    assert sum(row["quantity"].startswith("vanillas: ") for row in checks) == 16
    assert sum(row["quantity"].startswith("position ") for row in checks) == 5 * 3 + 2 * 2
    for row in checks:
        ours, other = float(row["report"]), float(row["independent"])
        if "other paths" in row["how"]:
            assert abs(ours - other) < 4.0 * float(row["how"].split("+- ")[1].split()[0]), row
        else:
            assert ours == pytest.approx(other, rel=2e-2), row
    hessian = read(report / "hessian.csv")
    matrix = np.array([[float(row[label[""]]) for label in hessian] for row in hessian])
    np.testing.assert_array_equal(matrix, matrix.T)
    vega = read(report / "vega.csv")
    assert all(float(row["vega_stderr"]) >= 0.0 for row in vega)
    assert any(float(row["vega_stderr"]) > 0.0 for row in vega)


def test_the_page_says_which_engine_and_which_error(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    for text in (
        "Products</h3>",
        "backward PDE, 601 nodes x 300 steps",
        "Monte Carlo, 512 paths x ",
        " +- ",
        "standard error",
        "up-and-out 1400 1230 call",
        "Simulated options are in its entries of spot",
    ):
        assert text in page, text


def test_two_simulated_runs_are_byte_identical(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text(
        "product,quantity,expiry,strike,cp,fixings,payout\nasian,3,0.25,1230,C,2,\ndigital,3,0.25,1200,C,,10\n"
    )
    for name in ("first", "second"):
        arguments = ["--book", str(tmp_path / "book.csv"), *QUICK, "--out", str(tmp_path / name)]
        assert main(["risk", *arguments]) == 0
    for name in ("products.csv", "greeks.csv", "hessian.csv", "report.html"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_a_book_without_vanillas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.csv").write_text(
        "product,quantity,expiry,strike,cp,payout,barrier,barrier_type\n"
        "digital,3,0.25,1200,C,10,,\nbarrier,1,3,1200,C,,1100,up-and-out\n"
    )
    out = tmp_path / "report"
    assert main(["risk", "--book", str(tmp_path / "book.csv"), *QUICK, "--out", str(out)]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 2 and all(
        line.startswith("warning: position 2, barrier call 1200: ") for line in warnings
    )
    assert "after the last calibrated slice" in warnings[0] and "counts as nothing" in warnings[1]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "counts as nothing" in page
    greeks = read(out / "greeks.csv")
    assert 0.0 < float(greeks[0]["value"]) < 30.0 and "stderr" not in greeks[0]


HOSTILE = "=cmd|' /C calc'!A0"


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize(
    ("root", "shown"),
    [
        ("$^$", "$^$"),
        ("a $5_ b $", "a $5_ b $"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("A\x1b[31mB", "A\\x1b[31mB"),
    ],
)
def test_hostile_roots_are_text(
    root: str, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, *rows = chain_text().splitlines()
    (tmp_path / "chain.csv").write_text(
        "\n".join([f"{head},root", *(f'{row},"{root}"' for row in rows)]) + "\n"
    )
    (tmp_path / "book.csv").write_text(
        f'quantity,expiry,strike,cp,label\n1,2024-06-21,100,C,"{HOSTILE}"\n1,2024-06-21,100,P,"\x07bell"\n'
    )
    out = tmp_path / "report"
    arguments = ["--book", str(tmp_path / "book.csv"), *QUICK, "--out", str(out)]
    assert main(["risk", str(tmp_path / "chain.csv"), *arguments]) == 0
    printed = capsys.readouterr()
    everything = printed.out + printed.err + (out / "report.html").read_text(encoding="utf-8")
    assert "\x1b" not in everything and "\x07" not in everything and "\\x07bell" in everything
    assert shown.upper() in printed.out.upper()
    for path in out.glob("*.csv"):
        for row in csv.reader(path.read_text(encoding="utf-8").splitlines()):
            assert not any(cell.startswith(("=", "@")) or "\x1b" in cell for cell in row), path
    assert read(out / "book.csv")[0]["label"] == f"'{HOSTILE}"


RUN = "import sys\nfrom apps.__main__ import main\nsys.exit(main(sys.argv[1:]))\n"


def run_short(script: str, redirect: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Run a small report in a shell with its stdout redirected."""
    arguments = ["risk", *QUICK, "--max-years", "0.1", "--out", str(out)]
    command = f'"$@" {redirect}'
    return subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("redirect", "code", "said"),
    [(">/dev/full", 2, "error: the output cannot be written: No space left on device\n"), (">&-", 0, "")],
)
def test_closed_and_full_outputs_end_without_a_traceback(
    redirect: str, code: int, said: str, tmp_path: Path
) -> None:
    done = run_short(RUN, redirect, tmp_path / "report")
    assert (done.returncode, done.stderr) == (code, said)
    assert (tmp_path / "report" / "report.html").is_file()


def test_a_reader_that_leaves_ends_without_a_traceback(tmp_path: Path) -> None:
    late = f"import time\ntime.sleep(1)\n{RUN}"
    done = run_short(late, "| true; exit ${PIPESTATUS[0]}", tmp_path / "report")
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("missing", ["matplotlib", "rich"])
def test_a_missing_extra_is_named(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing == "rich":  # it is for terminals alone
        monkeypatch.setattr("apps.risk.command.stages", lambda total: __import__("rich.console"))
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["risk", *SMALL, "--out", str(tmp_path / "report")]) == 2
    said = capsys.readouterr().err
    assert said == f"error: `risk` needs {missing}, which is not installed: pip install '.[apps]'\n"
    assert not (tmp_path / "report").exists()


def test_a_dangling_link_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report").symlink_to(tmp_path / "nowhere")
    assert main(["risk", *SMALL, "--out", str(tmp_path / "report")]) == 2
    assert "is a link" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--spot", "1e300"], "1e+300"), (["--paths", "3"], "paths = 3")],
)
def test_numbers_out_of_this_world(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["risk", *SMALL, *options, "--out", str(tmp_path / "report")]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.startswith("error: ") and shown.count("\n") == 1
