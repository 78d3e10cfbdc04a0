"""The list of programs."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.programs import PROGRAMS, program_records
from apps.reproduce.contents import FIGURE_NAMES


def test_without_a_name_everything_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name in ("risk", "reproduce", *FIGURE_NAMES):
        assert name in shown


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom apps.__main__ import main\nmain([])\n"
        "print('heavy:', *[m for m in ('numba', 'matplotlib', 'pandas', 'rich', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == "heavy:"


def test_an_interrupt_while_loading_is_met() -> None:
    code = (
        "import runpy, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "runpy.run_module('apps', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("interrupted") and "Traceback" not in done.stderr


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "figure-99"])
    assert left.value.code == 2
    assert "figure-99" in capsys.readouterr().err


def test_every_program_bears_the_name_of_its_folder() -> None:
    assert [program.name for program in program_records()] == list(PROGRAMS)
