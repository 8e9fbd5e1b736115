"""A sweep is checked whole before any run is started, and every run gets its key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from plasticity.errors import InputError
from plasticity.support.cache import key as cache_key
from plasticity.support.catalog import user_code
from plasticity.support.code import code_hash, imported_files
from scenarios.running.parameters import check_device, make
from scenarios.running.run import load
from scenarios.sweeps.design import Axis, steps
from scenarios.sweeps.plan import Plan, Point, text, version


def make_plan(name: str, axes: Sequence[Axis], fixed: Mapping[str, Any], device: str | None) -> Plan:
    """Check every run of a sweep before any is started.

    Raises
    ------
    UnknownNameError, InputError
        If the scenario, a parameter or a value is not allowed, or two runs would be the same.
    """
    check_device(device)
    module = load(name)
    code = code_in_use(name)
    _check_keys(axes, fixed)
    points = []
    labels: dict[str, list] = {key: [None] * len(axis.settings) for axis in axes for key in axis.keys}
    for index, settings in steps(axes):
        seed = settings.pop("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InputError(f"seeds must be whole numbers >= 0, got {seed!r}")
        resolved = _resolved(module, {**fixed, **settings})
        points.append(Point(_key(name, resolved, seed, device, code), index, {**fixed, **settings}, seed))
        for axis, i in zip(axes, index, strict=True):
            for key in axis.keys:
                labels[key][i] = seed if key == "seed" else _value(resolved, key)
    _check_distinct(axes, labels)
    title = (module.__doc__ or name).split("\n", 1)[0]
    units = {key: _unit(module, key) for key in labels}
    common = {k: v for k, v in resolved.items() if k not in labels}
    values = {key: tuple(column) for key, column in labels.items()}
    return Plan(name, title, device, code, tuple(axes), tuple(points), common, values, units)


@cache
def code_in_use(name: str) -> str:
    """Hash of the code on which a run of the scenario `name` depends: all that it imports, and all code of users."""
    folder = Path(__file__).resolve().parents[1] / "running"
    files = {folder / "parameters.py", folder / "run.py"}
    for start in (Path(str(load(name).__file__)), *user_code()):
        files.update(imported_files(start))
    return code_hash(files)


def _check_keys(axes: Sequence[Axis], fixed: Mapping[str, Any]) -> None:
    seen = set(fixed)
    for axis in axes:
        for key in axis.keys:
            if key in seen:
                raise InputError(f"{key} is set twice; it can be on one axis of the sweep, or fixed")
            seen.add(key)


def _resolved(module: ModuleType, values: Mapping[str, Any]) -> dict[str, Any]:
    checked = make(module.Parameters, values)
    return {f.name: getattr(checked, f.name) for f in dataclasses.fields(checked)}


def _value(resolved: Mapping[str, Any], key: str) -> Any:
    stem, _, inner = key.partition(".")
    return resolved[stem][inner] if inner else resolved[stem]


def _unit(module: ModuleType, key: str) -> tuple[str, str]:
    if key == "seed":
        return "1", "seed of everything random"
    field = {f.name: f for f in dataclasses.fields(module.Parameters)}[key.partition(".")[0]]
    return ("1", f"argument {key}") if "." in key else (field.metadata["unit"], field.metadata["help"])


def _key(name: str, resolved: Mapping[str, Any], seed: int, device: str | None, code: str) -> str:
    identity = {"scenario": name, "parameters": resolved, "seed": seed, "device": device}
    identity |= {"version": version(), "code": code}
    return cache_key(identity)


def _check_distinct(axes: Sequence[Axis], labels: Mapping[str, list]) -> None:
    for axis in axes:
        seen: set[tuple[str, ...]] = set()
        for step in zip(*(labels[key] for key in axis.keys), strict=True):
            label = tuple(map(text, step))
            if label in seen:
                raise InputError(
                    f"the sweep has {axis.name} = {', '.join(label)} twice; list every value once, and objects under "
                    "different names"
                )
            seen.add(label)
