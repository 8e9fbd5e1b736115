"""Pages from Jinja2 templates: Markdown, and one self-contained HTML file; numbers as a reader sees them."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined

from plasticity.errors import InputError
from plasticity.pages.markdown import markdown
from plasticity.support.temporary import temporary_folder

__all__ = ["display_units", "environment", "fixed", "numbered", "probability", "render", "signed", "write_pages"]

SUFFIXES = {"markdown": "md", "html": "html"}


def environment(format: str) -> Environment:
    """Templates for one format, ``"markdown"`` or ``"html"``; all that a template inserts is escaped."""
    made = Environment(
        loader=PackageLoader("analysis.pages"),
        autoescape=format == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"format": format, "abs": abs}
    made.filters |= {
        "oneline": markdown if format == "markdown" else _oneline,
        "address": lambda text: quote(text, safe=":/?#@!&*+,;=%()"),
        "base64": lambda png: base64.b64encode(png).decode("ascii"),
    }
    return made


def render(format: str, template: str, pictures: Mapping[str, bytes], content: Mapping[str, Any]) -> str:
    """Text of a page in one format.

    Parameters
    ----------
    format : {"markdown", "html"}
    template : str
        Name of the template, ``"report"`` or ``"table"``.
    pictures : mapping of str to bytes
        PNG images by the names of their files.
    content : mapping
        Variables of the template.
    """
    text = environment(format).get_template(f"{template}.j2").render(pictures=pictures, **content)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def write_pages(
    template: str, directory: str | os.PathLike, pictures: Mapping[str, bytes], content: Mapping[str, Any]
) -> dict[str, Path]:
    """Write ``TEMPLATE.md``, ``TEMPLATE.html`` and the pictures; all are complete before the first appears.

    Parameters
    ----------
    template, pictures, content
        See `render`.
    directory : str or path
        Folder, made if needed; files of the same names are replaced.

    Returns
    -------
    dict of str to Path
        Where each file is, by its name.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    directory = Path(directory)
    files = dict(pictures)
    for format, suffix in SUFFIXES.items():
        files[f"{template}.{suffix}"] = render(format, template, pictures, content).encode()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with temporary_folder(directory) as part:
            for name, data in files.items():
                if (directory / name).is_dir():
                    raise IsADirectoryError(f"{directory / name} is a folder")
                Path(part, name).write_bytes(data)
            for name in files:
                os.replace(Path(part, name), directory / name)
    except OSError as error:
        raise InputError(
            f"cannot write the {template} to {directory}: {error.strerror or error}; choose another folder"
        ) from error
    return {name: directory / name for name in files}


def display_units(data: xr.Dataset) -> tuple[float, str]:
    """Factor and unit in which values are displayed: fractions in percent, everything else in its own unit.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> display_units(load("wang_2005")), display_units(load("milstein_2021"))
    ((100.0, '%'), (1.0, 'mV'))
    """
    name = "value" if "value" in data else "weight_change"
    units = str(data[name].attrs["units"])
    return (100.0, "%") if units == "1" else (1.0, units)


def signed(number: float, digits: int = 1) -> str:
    """Number with its sign, as a reader expects the minus.

    Examples
    --------
    >>> signed(-3.14159), signed(-0.01)
    ('−3.1', '+0.0')
    """
    rounded = round(float(number), digits) + 0.0  # no negative zero
    return f"{rounded:+.{digits}f}".replace("-", "−")


def fixed(number: float, digits: int) -> str:
    """Number with a fixed number of decimals.

    Examples
    --------
    >>> fixed(-3.14159, 2)
    '−3.14'
    """
    return f"{number:.{digits}f}".replace("-", "−")


def probability(p: float) -> str:
    """A p value as a reader expects it; a dash for NaN.

    Examples
    --------
    >>> probability(0.0361), probability(4.4e-6), probability(float("nan"))
    ('0.036', '4e-06', '–')
    """
    return "–" if p != p else f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def numbered(names: Sequence[str]) -> list[str]:
    """Labels made unique: equal ones are numbered.

    Examples
    --------
    >>> numbered(["a", "b", "a"])
    ['a #1', 'b', 'a #2']
    """
    return [
        f"{name} #{list(names[: i + 1]).count(name)}" if list(names).count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _oneline(text: str) -> str:
    """Text without line breaks; escaped text stays marked as such."""
    return type(text)(" ").join(text.split())
