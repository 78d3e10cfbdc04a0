"""The page's pieces: text that is no markup, groups that can be sorted, and the one script that may run."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

from apps.report import html
from apps.report.tables import Column, fitting, table


def test_groups_keep_their_sums_and_the_numbers_they_sort_by() -> None:
    rows = [("<b>a", 1234.5), ("b", -2.0), ("one", 1232.5), ("c", None), ("two", 0.0), ("all", 1232.5)]
    shown = table("T", [Column("name"), Column("x", "", ",.1f")], rows)
    text = html.grouped_table(shown, (2, 1))
    assert text.count("<tbody>") == 2 and text.count('class="sum"') == 3 and "<tfoot>" in text
    assert "&lt;b&gt;a" in text and "<b>a" not in text
    assert 'data-v="1234.5">1,234.5<' in text and ">-</td>" in text


def test_only_the_page_s_own_script_may_run() -> None:
    page = html.page("T", "S", [html.paragraph("<script>alert(1)</script>")])
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page and "alert(1)" not in script


def test_a_format_that_fits_numbers() -> None:
    assert f"{1234.567:{fitting([1234.567, -2.0, None])}}" == "1,234.57"
    assert f"{0.0123456:{fitting([0.0123456], 3)}}" == "0.0123"
    assert f"{0.0:{fitting([0.0, float('nan')], 3)}}" == "0.00"
    assert f"{1234567.0:{fitting([1234567.0], 3)}}" == "1,234,567"
