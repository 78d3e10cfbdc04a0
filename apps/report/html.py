"""One self-contained HTML page: styles and pictures inline, nothing fetched, readable on a phone, light and dark."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from apps.report.plots import CSS_COLOURS
from apps.report.tables import Cell, Table

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
main{max-width:1240px;margin:0 auto;padding:1.2rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:.4rem 0}
h2{font-size:1.2rem;margin:2.4rem 0 .4rem;padding-top:1rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.5rem 0;max-width:75ch}
.muted,figcaption,.note{color:var(--muted);font-size:.88rem}
.warning{border-left:4px solid var(--accent);padding:.2rem .8rem;background:var(--card)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:.7rem;margin:1rem 0}
@media (min-width:900px){.cards{grid-template-columns:repeat(5,1fr)}}
.card{background:var(--card);border-radius:.6rem;padding:.7rem .85rem}
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.card span{color:var(--muted);font-size:.82rem}
.scroll{overflow-x:auto;margin:.4rem 0 1rem}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .6rem;text-align:left;border-bottom:1px solid var(--grid)}
th{color:var(--muted);font-weight:600;vertical-align:bottom}
th small{display:block;font-weight:400}
.right{text-align:right}td.right{white-space:nowrap}
.sum td{white-space:nowrap;font-weight:600;border-bottom-color:var(--muted)}
tfoot td{border-top:2px solid var(--muted)}
.sorts th{cursor:pointer}
th[aria-sort=ascending]::after{content:" \\25B2"}th[aria-sort=descending]::after{content:" \\25BC"}
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
@page{size:A4 landscape;margin:10mm}
@media print{
:root{color-scheme:light;--card:#f5f7f9;LIGHT}
html,body{font-size:11px}main{max-width:none;padding:0}nav{display:none}
.cards{grid-template-columns:repeat(5,1fr)}
.scroll{overflow:visible}
table{font-size:9.5px}th,td{padding:.15rem .35rem}
tr,figure,.card{break-inside:avoid}h2,h3{break-after:avoid}
.wide svg{min-width:0}figure svg{max-height:180mm}
details::details-content{content-visibility:visible;height:auto}
}
""".strip()

# Rows change places inside their group; sums stay. Without it the page is the same, unsorted.
_SORTING = """
for(const table of document.querySelectorAll("table.sortable")){
  table.classList.add("sorts");
  const heads=[...table.tHead.rows[0].cells];
  heads.forEach((head,column)=>head.addEventListener("click",()=>{
    const sign=head.getAttribute("aria-sort")==="descending"?1:-1;
    heads.forEach(one=>one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort",sign>0?"ascending":"descending");
    const compare=(a,b)=>{
      const [p,q]=[a.cells[column],b.cells[column]],[x,y]=[p.dataset.v,q.dataset.v];
      return sign*(x===undefined||y===undefined?p.textContent.localeCompare(q.textContent):x-y);
    };
    for(const body of table.tBodies){
      const rows=[...body.rows],sums=rows.filter(row=>row.className==="sum");
      body.append(...rows.filter(row=>row.className!=="sum").sort(compare),...sums);
    }
  }));
}
""".strip()


def page(title: str, subtitle: str, parts: Iterable[str]) -> str:
    """Return the whole document; `parts` are pieces made by the other functions of this module."""
    light = "".join(f"--{name}:{colour};" for name, colour in CSS_COLOURS.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in _DARK.items())
    style = _LAYOUT.replace("LIGHT", light).replace("DARK", dark)
    digest = b64encode(hashlib.sha256(_SORTING.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    head = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}\n</style>\n</head>\n<body>\n<main>\n"
    )
    lead = f'<h1>{escape(title)}</h1>\n<p class="muted">{escape(subtitle)}</p>\n'
    return head + lead + "\n".join(parts) + f"\n</main>\n<script>{_SORTING}</script>\n</body>\n</html>\n"


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
    sides = _sides(shown)
    lines = "\n".join(f"<tr>{cells}</tr>" for cells in _cells(shown, sides))
    return _framed(shown, f"<tr>{_heads(shown, sides)}</tr>", f"<tbody>\n{lines}\n</tbody>")


def grouped_table(shown: Table, sizes: Sequence[int]) -> str:
    """Return a table of groups whose rows a click on a heading sorts, where scripts run.

    Parameters
    ----------
    shown : Table
        Each group's rows and one that sums them up, and as its last row the sum of all.
    sizes : rows of each group, without the sum
    """
    sides = _sides(shown)
    lines = _cells(shown, sides, sortable=True)
    bodies, first = [], 0
    for size in sizes:
        rows = "\n".join(f"<tr>{cells}</tr>" for cells in lines[first : first + size])
        bodies.append(f'<tbody>\n{rows}\n<tr class="sum">{lines[first + size]}</tr>\n</tbody>')
        first += size + 1
    foot = f'<tfoot><tr class="sum">{lines[first]}</tr></tfoot>'
    heads = _heads(shown, sides)
    return _framed(shown, f"<tr>{heads}</tr>", "\n".join([*bodies, foot]), "sortable")


def _sides(shown: Table) -> list[str]:
    return [' class="right"' if right else "" for right in shown.numeric]


def _heads(shown: Table, sides: Sequence[str]) -> str:
    return "".join(
        f"<th{side}>{escape(c.heading)}" + (f"<small>{escape(c.unit)}</small>" if c.unit else "") + "</th>"
        for c, side in zip(shown.columns, sides, strict=True)
    )


def _cells(shown: Table, sides: Sequence[str], sortable: bool = False) -> list[str]:
    """Return the cells of each row; with the numbers that they are sorted by where that is wanted."""
    return [
        "".join(
            f"<td{side}{_sort_key(cell) if sortable else ''}>{escape(text)}</td>"
            for text, cell, side in zip(line, row, sides, strict=True)
        )
        for line, row in zip(shown.texts, shown.rows, strict=True)
    ]


def _sort_key(cell: Cell) -> str:
    return f' data-v="{cell:.12g}"' if isinstance(cell, (int, float)) else ""


def _framed(shown: Table, head: str, bodies: str, kind: str = "") -> str:
    note = f'<p class="note">{escape(shown.note)}</p>' if shown.note else ""
    opened = f'<table class="{kind}">' if kind else "<table>"
    return (
        f'<h3>{escape(shown.title)}</h3>\n<div class="scroll">{opened}<thead>{head}</thead>\n'
        f"{bodies}</table></div>{note}"
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
