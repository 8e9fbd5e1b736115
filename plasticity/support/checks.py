"""Checks of what a user passes: the one entrance of every argument.

`checked` stands above public functions and records: arguments are of the kinds that the annotations of their parameters
state. Numbers are finite and real, counts and seeds are whole, texts are text, records are records. Values that carry a
unit become plain numbers in the unit of the program, and a time that is probably in milliseconds draws a `UnitWarning`.
Bounds and shapes are checked by the functions themselves, with `require_number`, `require_whole` and `require_array`.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
import typing
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar

from plasticity.errors import InputError, UnitWarning, UnknownNameError
from plasticity.support.units import converted, own_unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

F = TypeVar("F", bound=Callable[..., Any])
TIMES = {"dt", "duration", "step", "hold", "refractory", "settle", "record_every", "interval", "separation"}
TIMES |= {"delay", "delays", "time_constant", "sample_time", "clock_step", "spike_width"}
TRAINS = {
    "pre_spikes",
    "post_spikes",
    "third_factor",
    "observations",
    "observed",
}  # arrays that functions check themselves
METHODS = {  # arguments that anything with such a method can be
    "landscape": (("gradient", "at"), "a landscape, such as Quadratic(…), DoubleWell() or from_expression(…)"),
    "filter": (("predict",), "a filter, such as those of plasticity.filters"),
}
_EITHER, _BY_NAME = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
LONG, SHORT = 1.0, 0.1  # [s] a time constant above the one draws a warning if its default is below the other
LONG_GAP = 5.0  # [s] between the spikes of a train; a longer one draws a warning


MOST = 1e15  # of what is counted
LENGTH = 120  # of a value in a message


def shortly(value: object) -> str:
    """A value for a message: its beginning alone where it is long, as records of a whole run are.

    Examples
    --------
    >>> shortly((1, 2)), len(shortly(list(range(1000))))
    ('(1, 2)', 120)
    """
    text = repr(value)
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"


def require_number(
    name: str,
    value: object,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    exclusive: bool = False,
    unit: str = "",
) -> float:
    """Return `value` as a finite float within ``[low, high]``, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object
        Anything; only real finite numbers pass.
    low, high : float
        Bounds, included unless `exclusive` (which excludes `low` only).
    exclusive : bool
        Whether `value` must be strictly above `low`.
    unit : str
        Printed behind the bounds.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If `value` is no finite real number, or lies outside the bounds.

    Examples
    --------
    >>> require_number("tau", 0.02, low=0, exclusive=True, unit="s")
    0.02
    """
    unit = f" {unit}" if unit and unit != "1" else ""
    if isinstance(value, bool | str | bytes) or value is None:
        raise InputError(f"{name} must be a number{unit and f' in{unit}'}, got {shortly(value)}")
    refuse_units(name, value)
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        raise InputError(f"{name} must be a number below 1e308, got an integer beyond it") from None
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number{unit and f' in{unit}'}, got {shortly(value)}") from None
    if not math.isfinite(number):
        raise InputError(f"{name} must be finite, got {number}")
    if number < low or (exclusive and number == low):
        raise InputError(f"{name} must be {'>' if exclusive else '>='} {low:g}{unit}, got {number:g}{unit}")
    if number > high:
        raise InputError(f"{name} must be <= {high:g}{unit}, got {number:g}{unit}")
    return number


def refuse_units(name: str, value: object) -> None:
    """Refuse what is no plain number although it converts to one: times, masked, complex or dimensioned values.

    Raises
    ------
    InputError
        Naming the kind and how to convert it.

    Examples
    --------
    >>> import numpy as np
    >>> refuse_units("delay", np.timedelta64(10, "ms"))
    Traceback (most recent call last):
    plasticity.errors.InputError: delay is a timedelta64[ms]; give seconds: value / np.timedelta64(1, 's')
    """
    if isinstance(value, bool | str | bytes) or value is None:
        raise InputError(f"{name} must be numbers, got {shortly(value)}")
    dtype = getattr(value, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if kind == "m":
        raise InputError(f"{name} is a {dtype}; give seconds: value / np.timedelta64(1, 's')")
    if kind == "M":
        raise InputError(f"{name} is a {dtype}; give seconds from the start: (value - start) / np.timedelta64(1, 's')")
    if kind == "c" or isinstance(value, complex):
        raise InputError(f"{name} must be real, got complex {value!r}; use its real part")
    if kind == "b":
        raise InputError(f"{name} must be numbers, got True and False: {shortly(value)}")
    if kind in "SU" and kind:
        raise InputError(f"{name} must be numbers, got text: {shortly(value)}")
    if hasattr(value, "mask") and hasattr(value, "compressed"):
        raise InputError(f"{name} is masked; use value.compressed(), or fill what is missing")
    if own_unit(value) not in (None, "", "1", "s", "Hz", "V"):
        raise InputError(f"{name} is in {own_unit(value)}, {value!r}; divide by the unit in which it is expected")
    if any(hasattr(value, unit) for unit in ("dim", "dimensionality", "unit")) and not hasattr(value, "free_symbols"):
        raise InputError(f"{name} carries a unit, {value!r}; divide by the unit in which it is expected")


def require_identifier(name: str, value: object) -> None:
    """Refuse a name that equations and files cannot have.

    Examples
    --------
    >>> require_identifier("name of a population", "a b")
    Traceback (most recent call last):
    plasticity.errors.InputError: name of a population must be letters, digits and _, a letter first, got 'a b'
    """
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value):
        raise InputError(f"{name} must be letters, digits and _, a letter first, got {shortly(value)}")


def require_whole(name: str, value: object, *, low: float = -math.inf) -> int:
    """Return `value` as an int from `low` on, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object
        Anything; only whole numbers pass, of whatever type.
    low : float
        Bound, included.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If `value` is no whole number, or is below the bound.

    Examples
    --------
    >>> require_whole("n_steps", 3.0, low=1)
    3
    """
    number = require_number(name, value, low=low)
    if number != int(number):
        raise InputError(f"{name} must be a whole number, got {shortly(value)}")
    if number > MOST and name != "seed":
        raise InputError(f"{name} must be at most {MOST:g}, got {shortly(value)}: more of anything fits into no memory")
    return int(value)  # type: ignore[call-overload]


def require_finite(name: str, values: ArrayLike, *, missing: bool = False) -> NDArray[np.float64]:
    """Return `values` as a float array without NaN and infinity, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the values.
    values : array_like
        Numbers of any shape.
    missing : bool
        Whether NaN may stand where a value is missing.

    Returns
    -------
    array of float

    Raises
    ------
    InputError
        If a value is no number, NaN or infinite.

    Examples
    --------
    >>> require_finite("rates", [1, 2])
    array([1., 2.])
    """
    import numpy as np

    refuse_units(name, values)
    try:
        refuse_units(name, np.asarray(values))
        array = np.asarray(values, dtype=float)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be numbers, got {values!r}") from None
    fine = np.isfinite(np.atleast_1d(array))
    wrong = np.argwhere(~(fine | np.isnan(np.atleast_1d(array)) if missing else fine))
    if wrong.size:
        index = wrong[0].tolist()
        raise InputError(f"{name} must be finite, got {np.atleast_1d(array)[tuple(index)]} at {index}")
    return array


def require_array(name: str, value: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Read-only copy of an array of finite numbers, of the given shape.

    Raises
    ------
    InputError
        If it is not; the message names it.

    Examples
    --------
    >>> require_array("start", [0, 1], shape=(2,))
    array([0., 1.])
    """
    array = require_finite(name, value).copy()
    if shape is not None and array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array


def require_indices(name: str, value: Any, size: int | None = None) -> NDArray[np.int64]:
    """Array of whole numbers >= 0 in one dimension, of the length `size` where it is determined.

    Raises
    ------
    InputError
        If it is not; the message names it.

    Examples
    --------
    >>> require_indices("sources", [0, 2.0])
    array([0, 2])
    """
    numbers = require_finite(name, value)
    indices = numbers.astype("int64")
    if numbers.ndim != 1 or size not in (None, numbers.size):
        raise InputError(f"{name} must have shape ({'n' if size is None else size},), got {numbers.shape}")
    wrong = numbers[(indices != numbers) | (numbers < 0)]
    if wrong.size:
        raise InputError(f"{name} must be whole numbers >= 0, got {wrong[0]:g}")
    return indices


def require_record(name: str, value: Any, kind: type) -> None:
    """Refuse what is no record of the given kind.

    Raises
    ------
    InputError
        If it is not; the message names it.

    Examples
    --------
    >>> require_record("feedback", "x", dict)
    Traceback (most recent call last):
    plasticity.errors.InputError: feedback must be a dict, got 'x'; make one with dict(…)
    """
    if not isinstance(value, kind):
        raise InputError(f"{name} must be a {kind.__name__}, got {shortly(value)}; make one with {kind.__name__}(…)")


def checked(function: F) -> F:
    """Refuse arguments of a function, or of a record that is made, that are of another kind than annotated.

    Raises
    ------
    InputError
        From the function that is returned; names the argument, its value and the remedy.

    Examples
    --------
    >>> @checked
    ... def decay(tau: float = 0.02, n: int = 1) -> float:
    ...     return n / tau
    >>> decay("fast")
    Traceback (most recent call last):
    plasticity.errors.InputError: tau must be a number in s, got 'fast'
    """
    if inspect.isclass(function):
        function.__init__ = checked(function.__init__)  # type: ignore[misc, method-assign]
        return function

    @functools.cache
    def signature() -> inspect.Signature:
        return inspect.signature(function)

    @functools.wraps(function)
    def gate(*args: Any, **options: Any) -> Any:
        try:
            bound = signature().bind(*args, **options)
        except TypeError:
            unknown = [name for name in options if name not in signature().parameters]
            if unknown:
                name = function.__qualname__.removesuffix(".__init__")
                raise UnknownNameError(
                    f"argument of {name}", unknown[0], set(signature().parameters) - {"self"}
                ) from None
            return function(*args, **options)  # Python's own message
        for name, value in bound.arguments.items():
            parameter = signature().parameters[name]
            if value is not parameter.default and parameter.kind not in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
            ):
                warn_of_milliseconds(name, value, parameter.default)
                value = plain(name, value, unit_of(name))
                bound.arguments[name] = admitted(name, value, str(parameter.annotation), function.__globals__)
        return function(*bound.args, **bound.kwargs)

    return gate  # type: ignore[return-value]


def unit_of(name: str) -> str:
    """Unit of an argument, from its name; empty where the name does not tell."""
    if name.startswith("tau") or name in TIMES:
        return "s"
    if name.startswith("v_"):
        return "V"
    return "Hz" if name == "frequency" or (name.endswith("_rate") and name != "learning_rate") else ""


def plain(name: str, value: Any, unit: str) -> Any:
    """Number or array in `unit` of a value that carries one; anything else as it is.

    Raises
    ------
    InputError
        If it carries a unit that is not that one.

    Examples
    --------
    >>> import xarray as xr
    >>> plain("delay", xr.DataArray(20.0, attrs={"units": "mV"}), "s")
    Traceback (most recent call last):
    plasticity.errors.InputError: delay is in mV; give it in s
    """
    own = own_unit(value)
    if own is None or not unit:
        return value
    number = converted(value, unit)
    if number is None:
        raise InputError(f"{name} is in {own}; give it in {'plain numbers' if unit == '1' else unit}")
    return number


def warn_of_milliseconds(name: str, value: Any, default: Any = None) -> None:
    """Warn of a time constant or delay that is probably in milliseconds."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not LONG < value < 1e308:
        return
    is_short = isinstance(default, int | float) and default < SHORT
    if "delay" in name or (name.startswith("tau") and is_short):
        usual = f", by default {default:g} s" if is_short else ""
        warn_of_unit(f"{name} is {value:g} s{usual}", f"if it is in milliseconds, give {value / 1000:g}")


def warn_of_gap(name: str, *trains: NDArray[np.float64]) -> None:
    """Warn of trains whose spikes are typically so far apart that their times are probably in milliseconds."""
    import numpy as np

    gaps = np.concatenate([train[1:] - train[:-1] for train in trains])
    gaps.partition(gaps.size // 2)
    if gaps.size and (typical := float(gaps[gaps.size // 2])) > LONG_GAP:
        warn_of_unit(f"the spikes of {name} are {typical:g} s apart", "if times are in milliseconds, divide by 1000")


def warn_of_unit(problem: str, remedy: str) -> None:
    """Warn that a value is probably in another unit than the one expected."""
    warnings.warn(f"{problem}; {remedy}, or give the value with its unit", UnitWarning, stacklevel=4)


def admitted(name: str, value: Any, annotation: str, names: Mapping[str, Any]) -> Any:
    """Value of the kind that `annotation` states; kinds that are not known here pass.

    Raises
    ------
    InputError
        If it is of another kind.
    """
    kinds = split(annotation)
    if value is None and "None" in kinds:
        return None
    if name in METHODS and not any(callable(getattr(value, method, None)) for method in METHODS[name][0]):
        raise InputError(f"{name} must be {METHODS[name][1]}, got {shortly(value)}")
    if isinstance(value, str) and any("Path" in kind for kind in kinds) and (not value or "\0" in value):
        raise InputError(f"{name} must be a path, got {shortly(value)}")
    for kind in kinds:
        is_kind = _is_kind(value, kind, names)
        if is_kind is None:  # whatever it is, the function checks it
            return value
        if is_kind:
            return _elements(name, value, kind, names)
    if name in ("low", "high") and isinstance(value, float) and math.isinf(value):  # no bound
        return value
    if "ArrayLike" in kinds:
        if name not in TRAINS:
            require_finite(name, value)
        return value
    if "float" in kinds:
        return require_number(name, value, unit=unit_of(name))
    if "int" in kinds:
        return require_whole(name, value, low=0 if name == "seed" else -math.inf)
    raise InputError(f"{name} must be {_words(kinds)}, got {shortly(value)}{_remedy(value, kinds)}")


def _is_kind(value: Any, kind: str, names: Mapping[str, Any]) -> bool | None:
    """Whether a value is of a kind; None where that is not known."""
    head = kind.partition("[")[0].rpartition(".")[2]
    match head:
        case "Any" | "object":
            return None
        case "None" | "float" | "int" | "ArrayLike":
            return False
        case "str":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool) or type(value).__name__ == "bool"
        case "Sequence" | "tuple" | "Iterable":
            several = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
            return several and getattr(value, "ndim", 1) > 0
        case "Mapping":
            return isinstance(value, Mapping)
        case "PathLike" | "Path":
            return hasattr(value, "__fspath__")
        case "Callable":
            return callable(value) and not inspect.isclass(value)
        case "Expr":
            is_expression = hasattr(value, "free_symbols") and not inspect.isclass(value)
            return is_expression or isinstance(value, str | int | float)
        case "NDArray" | "Array":
            return None
    known = names.get(head)
    if known is None and head[:1].isupper():  # a class that is imported for type checkers alone
        return any(base.__name__ == head for base in type(value).__mro__)
    if isinstance(known, UnionType):
        parts = typing.get_args(known)
        return isinstance(value, parts) if all(map(_is_record, parts)) else None
    if typing.get_origin(known) is Callable:
        return callable(value) and not inspect.isclass(value)
    return isinstance(value, known) if _is_record(known) else None  # type: ignore[arg-type]


def _is_record(kind: Any) -> bool:
    """Whether it is a class of which a value can be an instance, no interface."""
    return inspect.isclass(kind) and not getattr(kind, "_is_protocol", False)


def _elements(name: str, value: Any, kind: str, names: Mapping[str, Any]) -> Any:
    """The value, with its elements checked where the kind states what they are."""
    head, _, inner = kind.partition("[")
    head, parts = head.rpartition(".")[2], split(inner.removesuffix("]"), ",")
    if head == "Mapping" and len(parts) == 2:
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise InputError(f"{name} must map names, which are text, got {wrong[0]!r}")
        return {key: admitted(f"{name}[{key!r}]", each, parts[1], names) for key, each in value.items()}
    if head not in ("Sequence", "Iterable", "tuple") or parts[0] in ("", "ArrayLike"):
        return value
    elements = tuple(value)
    kinds = parts if head == "tuple" and parts[-1] != "..." else (parts[0],) * len(elements)
    if len(kinds) != len(elements):
        raise InputError(f"{name} must have {len(kinds)} elements, got {shortly(value)}")
    pairs = enumerate(zip(elements, kinds, strict=True))
    return tuple(admitted(f"{name}[{i}]", each, of, names) for i, (each, of) in pairs)


@functools.cache
def split(annotation: str, separator: str = "|") -> tuple[str, ...]:
    """Parts of an annotation between separators that stand in no brackets.

    Examples
    --------
    >>> split("Mapping[str, int | None] | None")
    ('Mapping[str, int | None]', 'None')
    """
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(annotation):
        depth += (letter == "[") - (letter == "]")
        if letter == separator and depth == 0:
            parts.append(annotation[start:i].strip())
            start = i + 1
    return (*parts, annotation[start:].strip())


def _words(kinds: tuple[str, ...]) -> str:
    words = {"str": "text", "bool": "True or False", "float": "a number", "int": "a whole number"}
    words |= {
        "PathLike": "a path",
        "Path": "a path",
        "Sequence": "a sequence",
        "tuple": "a tuple",
        "Mapping": "a mapping",
    }
    heads = [kind.partition("[")[0].rpartition(".")[2] for kind in kinds if kind != "None"]
    return " or ".join(words.get(head, f"a {head}") for head in heads)


def _remedy(value: Any, kinds: tuple[str, ...]) -> str:
    """What to do with a name or a function in place of a record, or a text in place of a sequence."""
    if isinstance(value, str) and kinds[0].startswith("Sequence[str"):
        return f"; write ({value!r},)"
    if "str" in kinds or not kinds[0][:1].isupper():
        return ""
    if callable(value):
        return f"; call it: {getattr(value, '__name__', 'its function')}(…)"
    for part, own in getattr(value, "__dict__", {}).items():
        if type(own).__name__ == kinds[0]:
            return f"; it has one: state its .{part}"
    if isinstance(value, tuple | list) and value and all(type(one).__name__ == kinds[0] for one in value):
        return f"; give them one by one, [f({kinds[0].lower()}) for {kinds[0].lower()} in …]"
    package = {"Rule": "plasticity.rules", "Signal": "plasticity.signals", "Circuit": "circuits"}.get(kinds[0])
    if isinstance(value, str) and package:
        return f"; write {package}.load({value!r})(…)"
    return f"; make one with {kinds[0]}(…)" if kinds[0].isidentifier() else ""
