"""One self-contained HTML page: styles and pictures inline, nothing fetched, readable on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from apps.report.plots import CSS_COLOURS
from apps.report.tables import Table

# Dark counterparts of the colours the pictures share with the page.
_DARK = {
    "ink": "#e6e9ee",
    "muted": "#a3adba",
    "grid": "#39424f",
    "paper": "#151a21",
    "accent": "#ff9d4d",
    "second": "#6cb6ff",
}

_LAYOUT = """
:root{color-scheme:light dark;--card:#f5f7f9;LIGHT}
@media (prefers-color-scheme:dark){:root{--card:#1d242d;DARK}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:1.2rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:.4rem 0}
h2{font-size:1.2rem;margin:2.4rem 0 .4rem;padding-top:1rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.5rem 0;max-width:75ch}
.muted,figcaption,.note{color:var(--muted);font-size:.88rem}
.warning{border-left:4px solid var(--accent);padding:.2rem .8rem;background:var(--card)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:.7rem;margin:1rem 0}
@media (min-width:900px){.cards{grid-template-columns:repeat(4,1fr)}}
.card{background:var(--card);border-radius:.6rem;padding:.7rem .85rem}
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.card span{color:var(--muted);font-size:.82rem}
.scroll{overflow-x:auto;margin:.4rem 0 1rem}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .7rem;text-align:left;white-space:nowrap;border-bottom:1px solid var(--grid)}
th{color:var(--muted);font-weight:600;vertical-align:bottom}
th small{display:block;font-weight:400}
.right{text-align:right}
figure{margin:.6rem 0 1.2rem}
figure .scroll{margin:0}
figure svg{display:block;width:100%;height:auto}
figure svg text{font-family:"DejaVu Sans",Verdana,system-ui,sans-serif!important}
.wide svg{min-width:640px;max-width:100%}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:.4rem 1rem}
.tiles.broad{grid-template-columns:repeat(auto-fill,minmax(min(430px,100%),1fr))}
.tiles figure{margin:0}
.beside{display:flex;flex-wrap:wrap;gap:0 3rem}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--muted)}
nav a{color:inherit;margin-right:1rem}
""".strip()


def page(title: str, subtitle: str, parts: Iterable[str]) -> str:
    """Return the whole document; `parts` are pieces made by the other functions of this module."""
    light = "".join(f"--{name}:{colour};" for name, colour in CSS_COLOURS.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in _DARK.items())
    style = _LAYOUT.replace("LIGHT", light).replace("DARK", dark)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}\n</style>\n</head>\n<body>\n<main>\n"
    )
    lead = f'<h1>{escape(title)}</h1>\n<p class="muted">{escape(subtitle)}</p>\n'
    return head + lead + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"


def heading(text: str) -> str:
    """Return a section heading that can be linked to."""
    return f'<h2 id="{_anchor(text)}">{escape(text)}</h2>'


def links(headings: Iterable[str]) -> str:
    """Return the row of links to sections."""
    return (
        "<nav>" + " ".join(f'<a href="#{_anchor(text)}">{escape(text)}</a>' for text in headings) + "</nav>"
    )


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def warning(text: str) -> str:
    """Return a paragraph that stands out."""
    return f'<p class="warning">Warning: {escape(text)}.</p>'


def cards(figures: Mapping[str, str]) -> str:
    """Return key figures as a row of cards: label to value."""
    inner = "".join(
        f'<div class="card"><b>{escape(v)}</b><span>{escape(k)}</span></div>' for k, v in figures.items()
    )
    return f'<div class="cards">{inner}</div>'


def data_table(shown: Table) -> str:
    """Return a table that scrolls sideways on a narrow screen."""
    sides = [' class="right"' if right else "" for right in shown.numeric]
    heads = "".join(
        f"<th{side}>{escape(c.heading)}" + (f"<small>{escape(c.unit)}</small>" if c.unit else "") + "</th>"
        for c, side in zip(shown.columns, sides, strict=True)
    )
    body = "\n".join(
        "<tr>" + "".join(f"<td{s}>{escape(t)}</td>" for t, s in zip(line, sides, strict=True)) + "</tr>"
        for line in shown.texts
    )
    note = f'<p class="note">{escape(shown.note)}</p>' if shown.note else ""
    return (
        f'<h3>{escape(shown.title)}</h3>\n<div class="scroll"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>{note}"
    )


def picture(svg: str, caption: str, wide: bool = False) -> str:
    """Return an inline SVG picture with its caption; a `wide` one scrolls sideways on a phone."""
    drawing = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    kind = ' class="wide"' if wide else ""
    return f'<figure{kind}><div class="scroll">{drawing}</div><figcaption>{escape(caption)}</figcaption></figure>'


def tiles(svgs: Mapping[str, str], broad: bool = False) -> str:
    """Return pictures (label to SVG) side by side, as many in a row as the screen holds; `broad` ones two at most."""
    inner = "\n".join(
        "<figure>" + svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1) + "</figure>"
        for label, svg in svgs.items()
    )
    return f'<div class="tiles{" broad" if broad else ""}">{inner}</div>'


def beside(parts: Iterable[str]) -> str:
    """Return small pieces side by side where the screen is wide enough."""
    return '<div class="beside">' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def folded(summary: str, inner: str) -> str:
    """Return content that opens when its summary is clicked."""
    return f"<details><summary>{escape(summary)}</summary>\n{inner}\n</details>"


def _anchor(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())
