"""What a run was asked for, in its file: the arguments of `circuits.run` as text and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.functions.elementary.piecewise import ExprCondPair

from circuits.network.circuit import Circuit
from circuits.network.phase import Phase
from circuits.network.population import Population
from circuits.network.projection import Feedback, Projection
from circuits.network.run_state import RunState
from circuits.network.stimulus import Stimulus
from circuits.neurons.model import NeuronModel
from circuits.neurons.rate_unit import RateUnit
from plasticity.compile.brian import NeuronTrace, SynapseModel
from plasticity.controllability import Controllability
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel
from plasticity.rule import Parameter, Rule, State, Update
from plasticity.support.cached_algebra import READABLE, made
from plasticity.support.checks import checked

if TYPE_CHECKING:
    import xarray as xr

NAME = "run_arguments"  # of the variable that holds the text
SHORT = 16  # numbers of an array that stands in the text
LEFT_OUT = {(Rule, "steps")}  # of no use to a run
RECORDS = (
    *(Circuit, Population, Projection, Feedback, Stimulus, NeuronModel, RateUnit, Controllability, FeedbackChannel),
    *(Phase, RunState, Rule, State, Parameter, Update, SynapseModel, NeuronTrace),
)
Arrays = dict[str, NDArray]


def as_text(value: Any, arrays: Arrays) -> str:
    """Text from which `run_arguments` makes a value again; its long arrays are added to `arrays`, by name.

    Examples
    --------
    >>> as_text({"dt": 1e-3, "feedback": None}, {})
    "mapping([('dt', 0.001, ), ('feedback', None, )])"
    """
    if is_dataclass(value) and not isinstance(value, type):
        stated = [f for f in fields(value) if f.init and (type(value), f.name) not in LEFT_OUT]
        own = (f"{f.name}={as_text(getattr(value, f.name), arrays)}" for f in stated)
        return f"{type(value).__name__}({', '.join(own)})"
    match value:
        case Mapping():
            return f"mapping({as_text(list(value.items()), arrays)})"
        case tuple() if len(value) > 1 and all(isinstance(v, np.ndarray) and v.ndim == 1 for v in value):
            sizes = np.array([v.size for v in value])
            return f"ragged({as_text(np.concatenate(value), arrays)}, {as_text(sizes, arrays)})"
        case tuple() | list():
            parts = "".join(f"{as_text(part, arrays)}, " for part in value)
            return f"({parts})" if isinstance(value, tuple) else f"[{parts.removesuffix(', ')}]"
        case np.ndarray():
            return _array_text(value, arrays)
        case np.generic():
            return as_text(value.item(), arrays)
        case sp.Basic():
            return sp.srepr(value)
        case float() if not np.isfinite(value):
            return f"number({str(value)!r})"
    return repr(value)


def _array_text(value: NDArray, arrays: Arrays) -> str:
    if value.size <= SHORT:
        return f"array({as_text(value.tolist(), arrays)}, {value.dtype.name!r}, {value.shape!r})"
    stored = value.astype(np.int8) if value.dtype == bool else value
    if value.dtype == np.int64 and abs(value).max() < 2**31:
        stored = value.astype(np.int32)
    for name, other in arrays.items():  # the ends of synapses are in the file already
        if other.dtype == stored.dtype and np.array_equal(other.ravel(), stored.ravel()):
            return f"stored({name!r}, {value.dtype.name!r}, {value.shape!r})"
    name = f"argument_{len(arrays)}"
    arrays[name] = stored
    return f"stored({name!r}, {value.dtype.name!r}, {value.shape!r})"


@checked
def run_arguments(dataset: xr.Dataset) -> dict[str, Any]:
    """Arguments of `circuits.run` that a Dataset holds: ``circuits.run(**run_arguments(dataset))`` repeats its run.

    Parameters
    ----------
    dataset : xarray.Dataset
        Made by `circuits.as_dataset`, or the file of ``record_weights``, as `plasticity.dataset.read` reads it.

    Returns
    -------
    dict of str to object
        The circuit with its rules, weights and stimuli, and all that was asked for.

    Raises
    ------
    InputError
        If the Dataset has no arguments, such as one of an earlier version, or they are damaged.

    Examples
    --------
    >>> from circuits import as_dataset, load, run
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> first = run(load("pairing")([[0.01]], [[0.02]], pair_stdp()), 0.03)
    >>> again = run(**run_arguments(as_dataset(first)))
    >>> bool((again.final["synapses"] == first.final["synapses"]).all())
    True
    """
    if NAME not in dataset:
        raise InputError(
            f"dataset ({dataset.attrs.get('title', '')!r}) does not hold the arguments of its run; give a file that "
            "circuits.as_dataset or record_weights wrote since schema_version 2, of a run whose states no after_phase "
            "changed"
        )

    def stored(name: str, kind: str, shape: tuple[int, ...]) -> NDArray:
        return dataset[name].values.astype(kind).reshape(shape)

    helpers = {
        "mapping": dict,
        "number": float,
        "array": lambda values, kind, shape: np.array(values, dtype=kind).reshape(shape),
        "stored": stored,
        "ragged": lambda values, sizes: tuple(np.split(values, np.cumsum(sizes)[:-1])),
        "ExprCondPair": ExprCondPair,
    }
    try:
        return made(str(dataset[NAME].values), READABLE | {kind.__name__: kind for kind in RECORDS} | helpers)
    except (ValueError, KeyError) as error:
        raise InputError(f"the arguments of {dataset.attrs.get('title', '')!r} cannot be read: {error}") from error


def summary(value: Any) -> Any:
    """Argument as it stands among the parameters of a file: records by what differs from their defaults."""
    if isinstance(value, RunState):
        return f"state at {value.time:g} s"
    if isinstance(value, Mapping) and not is_dataclass(value):
        return {key: summary(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        stated = [(f.name, getattr(value, f.name)) for f in fields(value) if not _is_default(f, getattr(value, f.name))]
        return f"{type(value).__name__}({', '.join(f'{name}={summary(part)}' for name, part in stated)})"
    if isinstance(value, np.ndarray) and value.size > SHORT:
        return f"array of shape {value.shape}"
    if isinstance(value, list | tuple):
        return [summary(part) for part in value[:SHORT]]
    return value


def _is_default(field: Field, value: Any) -> bool:
    if field.default is MISSING or np.ndim(value):
        return False
    return bool(value is field.default or value == field.default)
