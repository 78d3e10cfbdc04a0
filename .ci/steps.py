#!/usr/bin/env python3
"""Run everything a change must pass, from a clean checkout, and stop at the first failure.

The README's own two commands (all set-up included), ruff, mypy, the CUDA kernels in numba's simulator and
compiled for cards that are not here, one quick pass of the benchmarks, and the tests of packaging, of
the docstrings and of second order against a wheel built from the source archive, outside the tree.
Each step prints its name and time. The last line is 'N passed, N failed': tests plus steps that are no tests.

`.venv` in the checkout is removed and made anew, as a reader of the README would find it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ".venv/bin/python"
CLOSING = re.compile(r"^=*\s*((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s")


@dataclass(frozen=True)
class Step:
    """One command line of a shell, with its limit and the folder it runs in."""

    name: str
    command: str
    minutes: float
    folder: Path = ROOT
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a step did: the number of passed and failed tests, itself counted where it ran none."""

    passed: int
    failed: int


def readme_command(containing: str) -> str:
    """Return the one set-up line of the README that contains `containing`."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line.startswith("python3 -m venv") and containing in line]
    if len(found) != 1:
        raise SystemExit(f"README.md has {len(found)} commands with {containing!r}, wanted one")
    return found[0]


def requirements(extra: str) -> str:
    """Return one extra as a shell-quoted list, so that the package itself is not built again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return " ".join(f"'{requirement}'" for requirement in project["optional-dependencies"][extra])


def steps(scratch: Path) -> list[Step]:
    """Return the steps in order."""
    from_wheel = (
        f"{ROOT}/.ci/wheel {scratch}/wheel "
        f"{ROOT}/tests/test_packaging.py {ROOT}/tests/test_doctests.py {ROOT}/tests/greeks2"
    )
    return [
        Step("install and test, by the README", readme_command("pytest"), 15),
        Step("main job, by the README", readme_command("apps risk"), 5),
        Step("development tools", f"{PYTHON} -m pip install --quiet {requirements('dev')}", 5),
        Step("ruff", f"{PYTHON} -m ruff check .", 1),
        Step("mypy", f"{PYTHON} -m mypy", 5),
        Step(
            "CUDA kernels in the simulator",
            f"{PYTHON} -m pytest -m cuda",
            5,
            environment=(("NUMBA_ENABLE_CUDASIM", "1"),),
        ),
        Step(
            "CUDA kernels compiled for cards that are not here",
            f"{PYTHON} -m pip install --quiet {requirements('cuda')} && {PYTHON} -m pytest -m ptx",
            10,
            environment=(("AADLIB_REQUIRE_PTX", "1"),),
        ),
        Step(
            "benchmarks, smallest sizes",
            f"../{PYTHON} -m asv machine --yes && ../{PYTHON} -m asv run --quick --show-stderr --python=same",
            5,
            folder=ROOT / "asv_bench",
            environment=(("HOME", str(scratch)), ("AADLIB_BENCH_SMALLEST", "1")),
        ),
        Step(
            "wheel from the source archive, tested outside the tree without a compiler",
            from_wheel,
            15,
            folder=scratch,
        ),
    ]


def counts(lines: list[str], succeeded: bool) -> Outcome:
    """Return the counts of pytest's closing line, or the step itself as one."""
    closing = next((match for line in reversed(lines) if (match := CLOSING.match(line))), None)
    if closing is None:
        return Outcome(int(succeeded), int(not succeeded))
    numbers = {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", closing[1])}
    failed = numbers.get("failed", 0) + numbers.get("error", 0)
    return Outcome(numbers.get("passed", 0), failed if succeeded else max(failed, 1))


def run(step: Step) -> Outcome:
    """Run one step, show its output as it comes, and return what it did."""
    print(f"\n=== {step.name}\n$ {step.command}", flush=True)
    began = time.monotonic()
    process = subprocess.Popen(
        ["timeout", f"{step.minutes * 60:.0f}", "bash", "-o", "pipefail", "-c", step.command],
        cwd=step.folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **dict(step.environment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    status = process.wait()
    succeeded = status == 0
    verdict = "ok" if succeeded else f"exit {status}"
    print(f"=== {step.name}: {verdict} after {time.monotonic() - began:.0f} s", flush=True)
    return counts(lines, succeeded)


def main() -> int:
    """Run all steps up to the first failure and return the exit status."""
    shutil.rmtree(ROOT / ".venv", ignore_errors=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for step in steps(Path(folder)):
            outcome = run(step)
            passed, failed = passed + outcome.passed, failed + outcome.failed
            if failed:
                break
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
