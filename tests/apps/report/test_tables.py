"""Tables look right on a terminal, in a pipe and on the page; progress is silent in a pipe."""

from __future__ import annotations

import io

import numpy as np
import pytest

from apps.report import html
from apps.report.progress import stages
from apps.report.tables import Column, Table, plain_text, print_table, table


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown() -> Table:
    columns = [Column("name"), Column("delta", "per point", ".2f"), Column("quotes")]
    return table(
        "Greeks [all]",
        columns,
        [("<call>", np.float64(0.5), np.int64(1200)), ("put", float("nan"), None)],
        note="& more",
    )


def test_plain_text_is_aligned(shown: Table) -> None:
    assert plain_text(shown) == (
        "Greeks [all]\n"
        "name    delta [per point]  quotes\n"
        "------  -----------------  ------\n"
        "<call>               0.50   1,200\n"
        "put                     -       -\n"
        "& more\n"
    )


def test_a_pipe_gets_plain_text_and_a_terminal_a_frame(shown: Table) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    print_table(shown, pipe)
    print_table(shown, terminal)
    assert pipe.getvalue() == plain_text(shown) + "\n"
    assert "\N{BOX DRAWINGS LIGHT HORIZONTAL}" in terminal.getvalue()
    assert "Greeks [all]" in terminal.getvalue()


def test_html_escapes_and_aligns(shown: Table) -> None:
    text = html.data_table(shown)
    assert "<td>&lt;call&gt;</td>" in text
    assert '<td class="right">0.50</td>' in text
    assert "&amp; more" in text


def test_the_page_fetches_nothing(shown: Table) -> None:
    page = html.page("Risk & more", "sub", [html.heading("A b"), html.data_table(shown), html.links(["A b"])])
    assert "default-src 'none'" in page
    assert "http://" not in page and "https://" not in page
    assert '<h2 id="a-b">' in page and 'href="#a-b"' in page
    assert "prefers-color-scheme:dark" in page
    assert 'name="viewport"' in page


def test_stages_keep_their_times_and_print_nothing_in_a_pipe() -> None:
    pipe = io.StringIO()
    with stages(2, pipe) as job:
        with job.stage("one"):
            pass
        with job.stage("two"):
            pass
    assert list(job.seconds) == ["one", "two"]
    assert pipe.getvalue() == ""
    assert [row[0] for row in job.timings().rows] == ["one", "two", "total"]


def test_stages_show_a_bar_on_a_terminal() -> None:
    terminal = Terminal()
    with stages(1, terminal) as job, job.stage("calibrate"):
        pass
    assert "calibrate" in terminal.getvalue()
