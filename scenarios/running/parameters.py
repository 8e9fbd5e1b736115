"""Parameters of a scenario: fields of a frozen dataclass with unit, help and bounds, checked when made."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_number, require_whole
from plasticity.support.cli import as_number, number_or_text


@checked
def parameter(
    default: Any,
    unit: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    may_be_empty: bool = False,
) -> Any:
    """Field of a ``Parameters`` dataclass.

    Parameters
    ----------
    default : bool, int, float, str, None, tuple of numbers, or dict
    unit : str
        Unit of the value, ``"1"`` for none.
    help : str
        What it means, in one line.
    low, high : float, optional
        Bounds, included.
    choices : tuple of str
        Allowed texts; empty for any.
    may_be_empty : bool
        Whether a tuple may have no values, ``--set name=``.
    """
    bounds = {"low": low, "high": high, "choices": choices, "may_be_empty": may_be_empty}
    metadata = {"unit": unit, "help": help, **bounds}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def make(kind: type, values: Mapping[str, Any]) -> Any:
    """Instance of the dataclass `kind` with checked and converted `values`; the rest are defaults.

    Texts are converted to the type of the field, so values may come from a command line.

    Raises
    ------
    UnknownNameError
        If a name is no field; the message offers the nearest.
    InputError
        If a value has the wrong type or is out of bounds.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}
    hints = _hints(kind)
    checked: dict[str, Any] = {}
    for name, value in values.items():
        stem, _, key = name.partition(".")
        if stem not in fields:
            raise UnknownNameError("parameter", stem, fields)
        if key:
            checked.setdefault(stem, {})[key] = number_or_text(value)
        else:
            checked[stem] = _converted(stem, value, hints[stem], fields[stem].metadata)
    return kind(**checked)


def check_device(device: str | None) -> None:
    """Refuse an unknown device, also where a scenario would not use it.

    Raises
    ------
    UnknownNameError
    """
    from circuits.running.devices import DEVICES

    if device is not None and device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _converted(name: str, value: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    options = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if type(None) in options and (value is None or value == "none"):
        return None
    hint = next(o for o in options if o is not type(None))
    if get_origin(hint) is tuple:
        items = (value.split(",") if value else []) if isinstance(value, str) else _sequence(name, value)
        if not items and not metadata["may_be_empty"]:
            raise InputError(f"{name} must have at least one value, got none")
        inner = get_args(hint)[0]
        return tuple(_scalar(f"{name}[{i}]", v, inner, metadata) for i, v in enumerate(items))
    if get_origin(hint) is dict or hint is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{name} must be names with values, such as {name}.NAME=VALUE, got {value!r}")
        return dict(value)
    return _scalar(name, value, hint, metadata)


def _sequence(name: str, value: Any) -> list:
    try:
        return list(value)
    except TypeError:
        return [value]


def _scalar(name: str, value: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    if hint is bool:
        return _boolean(name, value)
    if hint in (int, float):
        return _number(name, value, hint, metadata)
    choices = metadata["choices"]
    if choices and value not in choices:
        raise UnknownNameError(name, value, choices)
    return value


def _boolean(name: str, value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    truth = value if isinstance(value, bool) else words.get(str(value).lower())
    if truth is None:
        raise InputError(f"{name} must be true or false, got {value!r}")
    return truth


def _number(name: str, value: Any, hint: type, metadata: Mapping[str, Any]) -> float | int:
    unit = metadata["unit"]
    if isinstance(value, str):
        try:
            value = as_number(value)
        except ValueError:
            raise InputError(f"{name} must be a number{_in(unit)}, got {value!r}") from None
    bounds = {k: metadata[k] for k in ("low", "high") if metadata[k] is not None}
    number = require_number(name, value, unit=unit, **bounds)
    return require_whole(name, value) if hint is int else number


def _in(unit: str) -> str:
    return "" if unit == "1" else f" in {unit}"
