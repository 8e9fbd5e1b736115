"""Report a comparison: figures, a Markdown text and one self-contained HTML page in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from analysis.compare import COLUMNS, Comparison, rows
from analysis.figure_parts.style import png
from analysis.figures import draw
from analysis.figures.residuals import residuals
from analysis.pages import report_sections as sections
from analysis.pages.bibliography import citation
from analysis.pages.document import Document, Heading, Items, Paragraph, Picture, Table
from analysis.pages.quantity import shown, signed
from analysis.pages.verdict import verdict
from analysis.pages.write_document import write_document

__all__ = ["Report", "report"]

FIGURE, RESIDUALS, STEM = "figure.png", "residuals.png", "report"


class Report(NamedTuple):
    """Where the parts of a report were written."""

    figure: Path
    residuals: Path
    markdown: Path
    page: Path


def report(comparison: Comparison, directory: str | os.PathLike) -> Report:
    """Write a comparison as PNG files, Markdown and one HTML page that needs nothing else.

    All files are complete before the first appears in the folder.

    Parameters
    ----------
    comparison : Comparison
        See `analysis.compare`.
    directory : str or path
        Folder, made if needed; files of an earlier report in it are replaced.

    Returns
    -------
    Report
        Paths of the files.

    Raises
    ------
    InputError
        If the folder cannot be written.

    Examples
    --------
    >>> from analysis.compare import compare
    >>> from analysis.fit import fit
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(report(compare(fit("pair_stdp", "sjostrom_2001")), folder).page.name)
    report.html
    """
    paths = write_document(describe(comparison), directory, STEM)
    return Report(*(paths[name] for name in (FIGURE, RESIDUALS, f"{STEM}.md", f"{STEM}.html")))


def describe(comparison: Comparison) -> Document:
    """Content of a report, in reading order.

    References
    ----------
    pfister_2006 (the error E); burnham_2002 (differences of AIC); vehtari_2017 (left-out scores)
    """
    blocks = [
        Paragraph(verdict(comparison)),
        _picture(comparison),
        *sections.warnings(comparison),
        Heading("Agreement"),
        Table("Rules in order of E. ΔAIC is relative to the smallest AIC.", COLUMNS, _scores(comparison)),
        Paragraph(sections.DEFINITIONS),
        *sections.left_out(comparison),
        Heading("Measured and predicted"),
        _residuals(comparison),
        sections.values(comparison),
        *sections.parameters(comparison),
        Heading("Rules"),
        *[block for score in comparison.scores for block in sections.rule(score)],
        Heading("Data"),
        *sections.source(comparison),
        Heading("References"),
        Items(tuple(citation(key) for key in sections.reference_keys(comparison))),
        Heading("How this was made"),
        *sections.making(comparison),
    ]
    return Document(f"{comparison.data.attrs['title']}: learning rules compared", tuple(blocks))


def _scores(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    """Rows of the table of scores, with minus signs in the numbers."""
    return tuple((*row[:2], *(cell.replace("-", "−") for cell in row[2:])) for row in rows(comparison))


def _picture(comparison: Comparison) -> Picture:
    data = comparison.data
    factor, unit = shown(data)
    labels = ", ".join(score.label for score in comparison.scores)
    measured = "; ".join(
        f"{name}: {signed(factor * value)} ± {factor * sem:.1f}"
        for name, value, sem in zip(data.protocol.values, data.value.values, data.sem.values, strict=True)
    )
    what = data.value.attrs["long_name"]
    return Picture(
        FIGURE,
        png(draw(*comparison.runs, data=data)),
        f"Measured {what} (black, ± standard error) and the predictions of {labels}.",
        f"{what.capitalize()} for {data.sizes['protocol']} protocols, measured and as predicted by {labels}. "
        f"Measured, in {unit}: {measured}. The table of measured and predicted values holds every number.",
    )


def _residuals(comparison: Comparison) -> Picture:
    unseen = any("left_out_prediction" in run for run in comparison.runs)
    worst = "; ".join(f"{score.label}: {abs(score.residuals).max():.1f}" for score in comparison.scores)
    return Picture(
        RESIDUALS,
        png(residuals(*comparison.runs, data=comparison.data)),
        "Residuals in standard errors; the grey band is two standard errors wide on each side."
        + (" Open markers: predicted by a fit that has not seen the protocol." if unseen else ""),
        f"Residuals of every protocol by rule. Largest, in standard errors: {worst}. The table below holds all.",
    )
