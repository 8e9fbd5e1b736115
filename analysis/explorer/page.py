"""The page: all views with their stored data, one template, one file that needs nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.explorer.drift import drift
from analysis.explorer.geometry import geometry
from analysis.explorer.horizon import horizon
from analysis.explorer.inverse import DISCOUNTS, inverse, typed
from analysis.explorer.minima import minima
from analysis.explorer.noise import noise
from analysis.explorer.view import SCALE, View
from analysis.pages.render import environment
from plasticity.support.whole_file import whole_file

VIEWS = (horizon, geometry, drift, noise, minima)


def content(views: Sequence[View], rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the page stores, as its script reads it."""
    return {
        "scale": SCALE,
        "discounts": DISCOUNTS,
        "rules": list(rules),
        "typed": typed(),
        "views": [{key: value for key, value in asdict(view).items() if value is not None} for view in views],
    }


def page(views: Sequence[View], rules: Sequence[dict[str, Any]]) -> str:
    """HTML of the page."""
    data = json.dumps(content(views, rules), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    template = environment("html").get_template("explorer.j2")
    return template.render(views=views, data=data.replace("<", "\\u003c"))


def write(path: str | os.PathLike) -> None:
    """Derive, solve and plan all states, and write the page, complete or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with whole_file(path) as file:
        file.write(page([make() for make in VIEWS], inverse()).encode())
