"""Report a comparison: a figure, a Markdown text and one self-contained HTML page in a folder."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.bibliography import citation
from analysis.compare import COLUMNS, Comparison, Score, rows
from analysis.document import (
    Block,
    Document,
    Heading,
    Items,
    Link,
    Paragraph,
    Picture,
    Table,
    as_html,
    as_markdown,
)
from analysis.figures import draw
from plasticity.errors import InputError

__all__ = ["Report", "report"]

FIGURE, MARKDOWN, PAGE = "figure.png", "report.md", "report.html"
RESOLUTION = 200  # dots per inch
TIE = 0.005  # relative difference of E below which two rules agree equally well
SAME_AIC = 0.05  # difference of AIC too small to be named
SUPPORT = 10.0  # difference of AIC from which a model has essentially no support, burnham_2002


class Report(NamedTuple):
    """Where the parts of a report were written."""

    figure: Path
    markdown: Path
    page: Path


def report(comparison: Comparison, directory: str | os.PathLike) -> Report:
    """Write a comparison as PNG, Markdown and one HTML page that needs nothing else.

    All three files are complete before the first appears in the folder.

    Parameters
    ----------
    comparison : Comparison
        See `analysis.compare`.
    directory : str or path
        Folder, made if needed; files of an earlier report in it are replaced.

    Returns
    -------
    Report
        Paths of the three files.

    Raises
    ------
    InputError
        If the folder cannot be written.

    Examples
    --------
    >>> from analysis.compare import compare
    >>> from analysis.fit import fit
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(report(compare(fit("pair_stdp", "sjostrom_2001")), folder).page.name)
    report.html
    """
    document = describe(comparison)
    picture = next(block for block in document.blocks if isinstance(block, Picture))
    contents = {
        FIGURE: picture.png,
        MARKDOWN: as_markdown(document).encode(),
        PAGE: as_html(document).encode(),
    }
    return Report(*_write(contents, Path(directory)))


def describe(comparison: Comparison) -> Document:
    """Content of a report, in reading order.

    References
    ----------
    pfister_2006 (the error E); burnham_2002 (differences of AIC)
    """
    data = comparison.data
    blocks = [
        Paragraph(_verdict(comparison)),
        _picture(comparison),
        Heading("Agreement"),
        Table("Rules in order of E. ΔAIC is relative to the smallest AIC.", COLUMNS, _scores(comparison)),
        Paragraph(DEFINITIONS),
        *_warnings(comparison),
        Heading("Measured and predicted"),
        _values(comparison),
        Heading("Rules"),
        *[block for score in comparison.scores for block in _rule(score)],
        Heading("Data"),
        *_source(comparison),
        Heading("References"),
        Items(tuple(citation(key) for key in _keys(comparison))),
        Heading("How this was made"),
        *_making(comparison),
    ]
    return Document(f"{data.attrs['title']}: learning rules compared", tuple(blocks))


DEFINITIONS = (
    "E is the mean over protocols of ((data − model)/standard error)², where both are fractional weight changes, "
    "(w_final − w_initial)/w_initial. A true model leaves E near 1, less if parameters were fitted; much less "
    "means that the errors are large or the model too free. ln L is the Gaussian log likelihood of the fractions "
    "with the standard errors taken as known; AIC = 2k − 2 ln L and BIC = k ln(number of protocols) − 2 ln L "
    "with k free parameters. Only parameters that were fitted here are counted: a rule whose parameters were "
    "tuned to the same data elsewhere looks better in AIC and BIC than it is."
)


def _verdict(comparison: Comparison) -> str:
    scores, n = comparison.scores, comparison.data.sizes["protocol"]
    best, worst = scores[0], scores[-1]
    tied = [score for score in scores if score.error <= best.error * (1 + TIE)]
    misses = f"miss them by {np.sqrt(best.error):.2g} standard errors (root mean square; E = {best.error:.3g})."
    if len(scores) == 1:
        return f"The predictions of {best.label} for the {n} measurements {misses}"
    if len(tied) > 1:
        apart = max(np.abs(score.predictions - best.predictions).max() for score in tied)
        first = f"{_listed(tied)} come equally close to the {n} measurements: they {misses} "
        first += f"Their predictions differ by at most {100 * apart:.2g} % of the initial weight."
    else:
        first = f"{best.label} comes closest to the {n} measurements: its predictions {misses}"
    second = ""
    if worst not in tied:
        second = f" {worst.label} misses them most, by {np.sqrt(worst.error):.2g} (E = {worst.error:.3g})."
    lowest = min(score.aic for score in scores)
    favoured = [score for score in scores if score.aic - lowest < SAME_AIC]
    close = [score for score in scores if SAME_AIC <= score.aic - lowest < SUPPORT]
    if len(favoured) == len(scores):
        return f"{first}{second} AIC prefers none of them."
    third = f" Counting free parameters, AIC prefers {_listed(favoured)}"
    if not close:
        return f"{first}{second}{third} by {SUPPORT:g} or more."
    verb = "is" if len(close) == 1 else "are"
    return f"{first}{second}{third}; {_listed(close)} {verb} within {SUPPORT:g} of it: these data do not decide."


def _listed(scores: Sequence[Score]) -> str:
    *others, last = (score.label for score in scores)
    return f"{', '.join(others)} and {last}" if others else last


def _scores(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    """Rows of the table of scores, with minus signs in the numbers."""
    return tuple((*row[:2], *(cell.replace("-", "−") for cell in row[2:])) for row in rows(comparison))


def _picture(comparison: Comparison) -> Picture:
    buffer = io.BytesIO()
    draw(*comparison.runs, data=comparison.data).savefig(buffer, format="png", dpi=RESOLUTION)
    data = comparison.data
    labels = ", ".join(score.label for score in comparison.scores)
    measured = "; ".join(
        f"{name}: {_percent(value)} ± {_percent(sem, sign=False)}"
        for name, value, sem in zip(data.protocol.values, data.value.values, data.sem.values, strict=True)
    )
    return Picture(
        FIGURE,
        buffer.getvalue(),
        f"Measured weight change (black, ± standard error) and the predictions of {labels}.",
        f"Weight change for {data.sizes['protocol']} protocols, measured and as predicted by {labels}. "
        f"Measured, in percent: {measured}. The table of measured and predicted values holds every number.",
    )


def _values(comparison: Comparison) -> Table:
    data = comparison.data
    counted = not np.all(np.isnan(data.n.values))
    columns = ("protocol", *(["n"] if counted else []), "measured", *(score.label for score in comparison.scores))
    lines = []
    for i, name in enumerate(data.protocol.values.tolist()):
        value, sem, n = (float(data[v].values[i]) for v in ("value", "sem", "n"))
        predicted = [
            f"{_percent(score.predictions[i])} ({_signed((score.predictions[i] - value) / sem)})"
            for score in comparison.scores
        ]
        count = ["unknown" if np.isnan(n) else f"{n:g}"] if counted else []
        lines.append((name, *count, f"{_percent(value)} ± {_percent(sem, sign=False)}", *predicted))
    caption = "Weight change (%) ± standard error; in brackets: (prediction − measurement)/standard error. " + (
        "n: number of cells or pairs." if counted else "The numbers of cells or pairs are unknown."
    )
    return Table(caption, columns, tuple(lines))


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "−")


def _percent(fraction: float, sign: bool = True) -> str:
    return _signed(100 * fraction) if sign else f"{100 * fraction:.1f}"


def _rule(score: Score) -> list[Block]:
    attrs = score.run.attrs
    values = ", ".join(
        f"{name} = {_number(value)}" for name, value in json.loads(attrs.get("rule_values", "{}")).items()
    )
    about = f"{score.label}: {attrs.get('rule_title', attrs['title'])}."
    fitted = attrs.get("free", "")
    freedom = f" Fitted here: {', '.join(fitted.split())}." if fitted else ""
    blocks: list[Block] = [Paragraph(f"{about} Parameters in SI units: {values or 'not recorded'}.{freedom}")]
    if score.assumptions:
        blocks += [Paragraph(f"{score.label} assumes:"), Items(score.assumptions)]
    return blocks


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)


def _warnings(comparison: Comparison) -> list[Block]:
    points = [f"{score.label}: {warning}." for score in comparison.scores for warning in score.warnings]
    return [Heading("Warnings"), Items(tuple(points))] if points else []


def _source(comparison: Comparison) -> list[Block]:
    attrs = comparison.data.attrs
    facts = [
        ("Source", attrs["citation"]),
        ("Figure", attrs["figure"]),
        ("Protocols", attrs.get("protocol_convention")),
        ("Provenance", attrs["provenance"]),
        ("Caveat", attrs.get("caveat")),
        ("Rights", attrs["rights"]),
    ]
    points = Items(tuple(f"{name}: {text}" for name, text in facts if text))
    doi = attrs["doi"]
    return [points, Link(f"doi:{doi}", f"https://doi.org/{doi}")] if doi else [points]


def _keys(comparison: Comparison) -> list[str]:
    texts = [comparison.data.attrs["references"], *(run.attrs["references"] for run in comparison.runs)]
    return sorted({"burnham_2002", *(key for text in texts for key in text.split())})


def _making(comparison: Comparison) -> list[Block]:
    columns = ("rule", "scenario", "engine", "seed", "made")
    lines: list[tuple[str, ...]] = []
    versions: dict[str, list[str]] = {}
    for score in comparison.scores:
        attrs = score.run.attrs
        lines.append((score.label, attrs["scenario"] or "none", attrs["engine"], str(attrs["seed"]), attrs["created"]))
        used = ", ".join(f"{name} {version}" for name, version in json.loads(attrs["versions"]).items())
        versions.setdefault(used, []).append(score.label)
    made_with = [Paragraph(f"{', '.join(labels)}: made with {used}.") for used, labels in versions.items()]
    return [Table("One run per rule.", columns, tuple(lines)), *made_with]


def _write(contents: dict[str, bytes], directory: Path) -> list[Path]:
    """Write all files beside their places first, then move them there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".report.", suffix=".part", dir=directory) as part:
            for name, content in contents.items():
                if (directory / name).is_dir():
                    raise IsADirectoryError(f"{directory / name} is a folder")
                Path(part, name).write_bytes(content)
            for name in contents:
                os.replace(Path(part, name), directory / name)
    except OSError as error:
        raise InputError(
            f"cannot write the report to {directory}: {error.strerror or error}; choose another folder"
        ) from error
    return [directory / name for name in contents]
