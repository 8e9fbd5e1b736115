"""A sweep, run by run: every run has a point of the design, parameters, a seed and a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from scenarios.sweeps.design import Axis


@dataclass(frozen=True)
class Point:
    """One run of a sweep: `key` names its file, `index` is its place along the axes."""

    key: str
    index: tuple[int, ...]
    parameters: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, and the values that name its coordinates."""

    scenario: str
    title: str
    device: str | None
    code: str
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    fixed: Mapping[str, Any]
    labels: Mapping[str, tuple]  # key → value at every step of its axis, after conversion
    units: Mapping[str, tuple[str, str]]  # key → unit, meaning

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of steps along every axis."""
        return tuple(len(axis.settings) for axis in self.axes)

    def describe(self, point: Point) -> str:
        """Swept parameters of a run, for messages."""
        return ", ".join(
            f"{key}={text(self.labels[key][i])}"
            for axis, i in zip(self.axes, point.index, strict=True)
            for key in axis.keys
        )


def text(value: Any) -> str:
    """Value of a parameter as a label."""
    if isinstance(value, tuple | list):
        return ",".join(text(v) for v in value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(getattr(value, "name", None) or value)


@cache
def version() -> str:
    """Version of this project."""
    try:
        return metadata.version("steersman")
    except metadata.PackageNotFoundError:
        return "not installed"
