"""Wrong values of every kind of argument, and which kind an argument is: from its name, else from its annotation."""

import datetime
import inspect

import brian2
import numpy as np
import sympy as sp

NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**400


class Strange:
    """What no function expects."""

    def __repr__(self):
        return "Strange()"


STRANGE = Strange()
NO_NUMBER = [
    None,
    True,
    "1",
    b"1",
    "",
    1j,
    NAN,
    INFINITE,
    HUGE,
    [],
    {},
    STRANGE,
    datetime.timedelta(seconds=1),
    datetime.date(2020, 1, 1),
    np.timedelta64(10, "ms"),
    np.datetime64("2020-01-01"),
    np.array(["a"]),
    np.array([1.0, 2.0]),
    np.ma.masked_array([1.0], [True]),
    2.0 * brian2.amp,
    sp.Symbol("x"),
]
NO_ARRAY = [v for v in NO_NUMBER if not isinstance(v, np.ndarray | list) and v is not None] + [
    np.array(["a"]),
    [1j],
    [NAN],
    [HUGE],
    [[1.0], [1.0, 2.0]],
    [STRANGE],
    np.ma.masked_array([1.0, 2.0], [True, False]),
    [2.0] * brian2.amp,
    np.array([10], "timedelta64[ms]"),
    np.array([True]),
]
NO_TRAIN = [None, "0.1", 0.1, [[0.1]], [-0.1], [0.2, 0.1], [0.1, 0.1], [NAN], [INFINITE], ["a"], [1j], [HUGE], STRANGE]
NO_TRAIN += [np.array([10], "timedelta64[ms]"), np.array(["2020"], "datetime64[s]"), np.array([True]), [STRANGE]]
NO_TRAIN += [np.ma.masked_array([0.1], [True]), [0.1] * brian2.amp]
NO_TEXT = [None, True, 3, 0.5, 1j, NAN, [], {}, b"x", STRANGE]
NO_SEQUENCE = [True, 3, 0.5, NAN, "x", b"x", STRANGE, [STRANGE], [3.0, None]]
KINDS = {
    "number": NO_NUMBER,
    "positive": [*NO_NUMBER, 0, -1.0],
    "not negative": [*NO_NUMBER, -1.0],
    "share": [*NO_NUMBER, -0.1, 1.1],
    "count": [*NO_NUMBER, -1, 0, 1.5],
    "size": [*NO_NUMBER, -1, 1.5],
    "seed": [*NO_NUMBER, -1, 1.5, -HUGE],
    "array": NO_ARRAY,
    "train": NO_TRAIN,
    "trains": [None, True, 3, 0.1, "x", STRANGE, *([t] for t in NO_TRAIN)],
    "text": NO_TEXT,
    "choice": [*NO_TEXT, "", "no such thing"],
    "identifier": [*NO_TEXT, "", "a b", "1a", "a-b", "../x", "lambda"],
    "unit": [*NO_TEXT, "", "furlong", "__import__('os')"],
    "names": [*NO_SEQUENCE, ["no such thing"]],
    "record": [None, True, 3, 0.5, "x", b"x", [], {}, STRANGE, KeyError],
    "mapping": [True, 3, 0.5, "x", b"x", [1], STRANGE, {"no such thing": 1.0}, {3: 1.0}],
    "flag": [None, "yes", "", 2, -1, 0.5, NAN, [], STRANGE],
    "expression": [None, b"x", [], {}, STRANGE, KeyError, "stranger", "__import__('os')", "1 +", sp.Symbol("stranger")],
    "records": [True, 3, 0.5, "x", b"x", [3], [None], STRANGE, {"x": 1}],
    "limit": [v for v in NO_NUMBER if v is not INFINITE and not isinstance(v, sp.Basic)],  # a symbol or ∞ is right
    "function": [None, True, 3, "x", b"x", [], {}, STRANGE],
    "range": [True, 3, 0.5, "x", [1.0], [1.0, 0.0], [0.0, NAN], ["a", "b"], [0.0, 1.0, 2.0], STRANGE],
    "data": [True, 3, 0.5, b"x", [], {}, STRANGE, "", "no such thing", "no_such_file.csv"],
    "numbers": [True, 3.0, "x", b"x", STRANGE, ["a"], [None], [NAN], [INFINITE], [1j], [HUGE]],
    "formula": [None, True, 3, b"x", [], {}, STRANGE, "no such thing", "", sp.Symbol("stranger")],
    "path": [True, 3, 0.5, [], {}, STRANGE, "", "\0", b"x"],
}
BY_NAME = {
    "seed": "seed",
    "dt": "positive",
    "step": "positive",
    "duration": "positive",
    "frequency": "positive",
    "weight": "array",
    "rule": "record",
    "signal": "record",
    "objective": "record",
    "landscape": "record",
    "name": "text",
    "title": "text",
    "meaning": "text",
    "directory": "path",
    "inputs": "trains",
}
ARRAYS = "mask sign drift projection transition process_noise observation_noise mean covariance readout metric control "
ARRAYS += "prior_mean prior_covariance hessians weights trials sources targets patterns order weight_inhibitory bias "
ARRAYS += "initial weight_input weight_recurrent weight_output input_weight"
BY_ANNOTATION = {"float": "number", "int": "count", "str": "choice", "bool": "flag", "ArrayLike": "array"}
BY_ANNOTATION |= {"Sequence[ArrayLike]": "trains", "sp.Expr": "expression", "tuple[str, ...]": "records"}
BY_ANNOTATION |= {
    "Sequence[float]": "numbers",
    "str | Sequence[str]": "names",
    "Sequence[Fit]": "records",
    "Iterable[Outcome]": "records",
}
BY_ANNOTATION |= {"xr.Dataset | str | os.PathLike": "data"}
BY_ANNOTATION |= {"Sequence[str]": "names", "Iterable[str]": "names", "xr.Dataset": "record", "xr.DataArray": "record"}


def kind_of(parameter):
    """Kind of the values that are wrong for a parameter; None if neither its name nor its annotation shows it."""
    name, annotation = parameter.name, str(parameter.annotation).removesuffix(" | None")
    if name in BY_NAME:
        return BY_NAME[name]
    if name.startswith("tau_") or name == "tau":
        return "positive"
    if annotation in BY_ANNOTATION:
        return BY_ANNOTATION[annotation]
    if name in ARRAYS.split() and annotation == "Any":
        return "array"
    if annotation in ("str | PathLike", "str | os.PathLike", "str | Path"):
        return "path"
    if annotation.startswith("tuple[") and annotation.endswith(", ...]"):
        return "records"
    if annotation.startswith("Mapping["):
        return "mapping"
    if name[:1].isalpha() and annotation[:1].isupper() and "[" not in annotation and annotation != "Any":
        return "record"
    return None


def wrong_values(parameter, kind=None):
    """Values that a parameter must refuse; its default is none of them."""
    kind = kind or kind_of(parameter)
    values = kind if isinstance(kind, list) else KINDS.get(kind, [])
    return values if parameter.default is not None else [v for v in values if v is not None]


def parameters(function):
    """Parameters of a function by name, without those that take whatever is left."""
    every = inspect.signature(function).parameters.values()
    return {p.name: p for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
