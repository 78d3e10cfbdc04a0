"""The README: its examples print what it shows, its commands match the package, its links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
EXAMPLES = EXAMPLE.findall(README)


def commands() -> Iterator[str]:
    """Yield the lines of all shell blocks."""
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL):
        yield from block.splitlines()


@pytest.mark.parametrize(("source", "output"), EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_example_prints_what_the_readme_shows(source: str, output: str) -> None:
    module = ModuleType("readme_example")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "README.md", "exec"), module.__dict__)
    assert output, "an example without the output it prints"
    assert printed.getvalue().split() == output.split()


def test_first_example_fits_the_first_screen() -> None:
    assert len(EXAMPLES[0][0].splitlines()) <= 12
    assert README.index("-m apps risk") < README.index("-m pytest") < README.index("\n## ")


def test_two_commands_do_all_the_set_up() -> None:
    whole = [line for line in commands() if line.startswith("python3 -m venv")]
    assert [line.rpartition("-m ")[2] for line in whole] == ["apps risk", "pytest -n auto --dist loadfile"]


def test_extras_named_in_the_commands_exist() -> None:
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = {extra for group in re.findall(r"\.\[([\w,]+)\]", README) for extra in group.split(",")}
    assert named
    for extra in named:
        assert re.search(rf"^{extra} = \[", configuration, re.MULTILINE), f"no extra [{extra}]"


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target
