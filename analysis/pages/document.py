"""A short document of paragraphs, tables and a picture, written as Markdown or as one self-contained page.

The page loads nothing from outside: its picture is embedded, its style is its own. It prints on white paper
and reads in a text browser: tables have captions and header cells, pictures a text alternative.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Document", "Heading", "Items", "Link", "Paragraph", "Picture", "Table", "as_html", "as_markdown"]


@dataclass(frozen=True)
class Heading:
    """Title of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Items:
    """Points of a list."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A text and the address that it leads to."""

    text: str
    address: str


@dataclass(frozen=True)
class Table:
    """Rows of text under named columns; the first column names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A PNG image, the name of its file, a caption, and a description for those who cannot see it."""

    file: str
    png: bytes
    caption: str
    description: str


Block = Heading | Paragraph | Items | Link | Table | Picture


@dataclass(frozen=True)
class Document:
    """A title and blocks in reading order."""

    title: str
    blocks: tuple[Block, ...]


def as_markdown(document: Document) -> str:
    """Text of the document in Markdown; pictures are referred to by the name of their file.

    Examples
    --------
    >>> print(as_markdown(Document("Weights", (Paragraph("One for all."),))))
    # Weights
    <BLANKLINE>
    One for all.
    <BLANKLINE>
    """
    return "\n\n".join([f"# {document.title}", *map(_markdown, document.blocks)]) + "\n"


def as_html(document: Document) -> str:
    """One self-contained HTML page.

    Examples
    --------
    >>> "<h1>a &lt; b</h1>" in as_html(Document("a < b", ()))
    True
    """
    body = "\n".join(map(_html, document.blocks))
    title = html.escape(document.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _markdown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case Paragraph(text):
            return text
        case Items(points):
            return "\n".join(f"- {point}" for point in points)
        case Link(text, address):
            return f"[{text}]({address})"
        case Table(caption, columns, rows):
            return f"{caption}\n\n" + "\n".join(map(_markdown_row, [columns, ["---"] * len(columns), *rows]))
        case Picture(file, _, caption, description):
            return f"![{description}]({file})\n\n{caption}"


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _html(block: Block) -> str:
    escape = html.escape
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Items(points):
            return "<ul>\n" + "\n".join(f"<li>{escape(point)}</li>" for point in points) + "\n</ul>"
        case Link(text, address):
            return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'
        case Table():
            return _html_table(block)
        case Picture(_, png, caption, description):
            image = base64.b64encode(png).decode("ascii")
            return (
                f'<figure>\n<img src="data:image/png;base64,{image}" alt="{escape(description)}">\n'
                f"<figcaption>{escape(caption)}</figcaption>\n</figure>"
            )


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in table.columns)
    lines = []
    for first, *others in table.rows:
        cells = "".join(map(_html_cell, others))
        lines.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    return (
        f'<div class="scroll"><table>\n<caption>{html.escape(table.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table></div>"
    )


def _html_cell(cell: str) -> str:
    kind = ' class="text"' if len(cell) > LONG else ""
    return f"<td{kind}>{html.escape(cell)}</td>"


LONG = 28  # characters from which a cell is running text, flush left, that may break
STYLE = """
body { margin: 0; color: #1a1a1a; background: #fff; font: 16px/1.55 Georgia, 'Times New Roman', serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.2rem 4rem; }
h1, h2, table, figcaption { font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc; padding-bottom: .2rem; }
figure { margin: 1.2rem 0; } img { max-width: 100%; height: auto; }
figcaption, caption { font-size: .88rem; color: #444; text-align: left; padding: .4rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem; border-bottom: 1px solid #ddd; text-align: right; vertical-align: bottom; }
tbody th { min-width: 10rem; } tbody th, tbody td { vertical-align: top; }
td { white-space: nowrap; } td.text { white-space: normal; text-align: left; min-width: 14rem; }
tbody tr:nth-child(even) { background: #f6f6f6; }
thead th { border-bottom: 2px solid #555; } th:first-child { text-align: left; }
a { color: #005a9c; } li, p { overflow-wrap: anywhere; }
@page { margin: 18mm; }
@media print {
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } .scroll { overflow: visible; }
  table { font-size: 7.5pt; } th, td { padding: .2rem .35rem; }
  td, td.text { white-space: normal; } td.text, tbody th { min-width: 0; }
  a { color: inherit; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; }
}
"""
