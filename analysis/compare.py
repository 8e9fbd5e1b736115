"""Comparison of runs with measurements: error, likelihood and information criteria of each."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.check import require_errors
from analysis.datasets import load, names
from analysis.fit import Fit
from analysis.fitted_run import as_dataset
from analysis.fitting.noise import needs_errors, noise_name, noise_of
from analysis.fitting.own_density import OwnDensity
from analysis.fitting.scores import p_value, scores
from analysis.pages.render import numbered, probability
from plasticity.dataset import check_schema, read
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_whole
from plasticity.support.late import call

__all__ = ["COLUMNS", "Comparison", "Score", "compare", "rows"]

COLUMNS = ("rule", "engine", "E", "p", "free parameters", "ln L", "AIC", "ΔAIC", "BIC")
Result = xr.Dataset | Fit | str | os.PathLike


@dataclass(frozen=True, eq=False)
class Score:
    """Agreement of one run with the data.

    Parameters
    ----------
    label : str
        Unique name of the run in tables and legends.
    run : xarray.Dataset
        The run, its protocols in the order of the data.
    n_free : int
        Number of parameters that were fitted to the data.
    error, log_likelihood, aic, bic : float
        See `analysis.fitting.scores`, with the noise of the kind of data: printed standard errors count as known. Of a
        run by a model with a density of its own they are by that density.
    p_value : float
        Probability that a true model would fit worse, see `analysis.fitting.scores.p_value`; NaN if parameters were
        fitted and the run does not state it.
    predictions : (n_protocols,) array
        Predicted values, in the unit of the data.
    warnings : tuple of str
        Limits of the validity of these numbers.
    residuals : (n_protocols,) array
        (prediction − measurement)/standard error; of successes the one that the prediction implies.
    """

    label: str
    run: xr.Dataset
    n_free: int
    error: float
    log_likelihood: float
    aic: float
    bic: float
    p_value: float
    predictions: NDArray[np.float64]
    warnings: tuple[str, ...]
    residuals: NDArray[np.float64]

    @property
    def rule(self) -> str:
        """Name of the rule."""
        return self.run.attrs["rule"]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Assumptions of the rule, in words."""
        return tuple(self.run.attrs.get("assumptions", "").splitlines())


@dataclass(frozen=True, eq=False)
class Comparison:
    """Measurements and the scores of several runs, best E first.

    Parameters
    ----------
    data : xarray.Dataset
        The measurements.
    scores : tuple of Score
        One per run, in order of E.
    """

    data: xr.Dataset
    scores: tuple[Score, ...]

    def _repr_markdown_(self) -> str:
        """Show the scores in a notebook."""
        return call("analysis.pages.display:comparison", self)

    @property
    def runs(self) -> tuple[xr.Dataset, ...]:
        """The runs with the protocols in the order of the data and with the attribute ``label``."""
        return tuple(score.run for score in self.scores)


@checked
def compare(results: Result | Sequence[Result], data: xr.Dataset | str | os.PathLike | None = None) -> Comparison:
    """Score runs against measurements of the same protocols, matched by name.

    A run is a Dataset with the variable ``weight_change(protocol)`` in the unit of the data. Its
    attribute ``n_free`` (or, for one data set, ``n_free_DATA``) is the number of parameters that were fitted to the
    data; without it none are counted, with a warning.

    Parameters
    ----------
    results : Dataset, Fit, path, or a sequence of them
        Runs; a path leads to a netCDF file.
    data : Dataset, str or path, optional
        Measurements, the name of a published data set, or a file; by default what the runs name in their
        attribute ``data``, or else the published data set whose protocols their scenario simulates.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If there is nothing to compare, a file cannot be read, a run lacks ``weight_change``, one of the
        protocols or a finite value for it, or the runs do not name one and the same data set.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> fits = [fit(rule, "sjostrom_2001") for rule in ("pair_stdp", "triplet_stdp")]
    >>> [score.label for score in compare(fits).scores]
    ['triplet_stdp', 'pair_stdp']

    References
    ----------
    pfister_2006 (the error E)
    """
    loaded = [_loaded(result) for result in _as_list(results)]
    if not loaded:
        raise InputError("there is nothing to compare; pass at least one run")
    data = load(_named_data([run for _, run in loaded]) if data is None else data)
    if needs_errors(noise_name(data, None)) and any(run.attrs.get("noise") != "model" for _, run in loaded):
        require_errors(data)
    labels = numbered([str(run.attrs.get("label") or run.attrs["rule"] or Path(name).stem) for name, run in loaded])
    scored = [_score(run, name, label, data) for (name, run), label in zip(loaded, labels, strict=True)]
    return Comparison(data, tuple(sorted(scored, key=lambda score: score.error)))


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Table of a comparison as text, one row per run under `COLUMNS`."""
    best = min(score.aic for score in comparison.scores)
    return [
        (
            score.label,
            score.run.attrs["engine"],
            f"{score.error:.3f}",
            probability(score.p_value),
            str(score.n_free),
            f"{score.log_likelihood:.2f}",
            f"{score.aic:.2f}",
            f"{score.aic - best:.2f}",
            f"{score.bic:.2f}",
        )
        for score in comparison.scores
    ]


def _as_list(results: Result | Sequence[Result]) -> list[Result]:
    if isinstance(results, xr.Dataset | Fit | str | os.PathLike):
        return [results]
    return list(results)


def _loaded(result: Result) -> tuple[str, xr.Dataset]:
    """A run and the name by which messages call it."""
    if isinstance(result, Fit):
        run = as_dataset(result)
    elif isinstance(result, xr.Dataset):
        run = result
        check_schema(run)
    else:
        return str(result), read(result)
    return f"the run of rule {run.attrs['rule']!r}", run


def _named_data(runs: list[xr.Dataset]) -> str:
    """The one data set that the runs name, or whose protocols their scenario simulates."""
    simulated = {load(name).attrs["scenario"]: name for name in names()}
    named = {run.attrs.get("data") or simulated.get(run.attrs["scenario"] or None, "") for run in runs}
    if len(named) > 1 or "" in named:
        different = ", ".join(sorted(repr(name) for name in named if name)) or "none"
        raise InputError(
            f"the runs do not all name one data set (they name: {different}); choose one with data (--data); "
            f"published: {', '.join(names())}"
        )
    return named.pop()


def _score(run: xr.Dataset, name: str, label: str, data: xr.Dataset) -> Score:
    run = _aligned(run, name, data).assign_attrs(label=label)
    predictions = run.weight_change.values.astype(float)
    n_free, warnings = _n_free(run, name, data.attrs["data"])
    value = data.value.values
    if run.attrs.get("noise") == "model" and run.attrs.get("data") == data.attrs["data"]:
        return _own_score(run, label, n_free, predictions, value)
    noise = noise_of(data).estimate(value, predictions, np.empty((value.size, 0)))
    fitted_here = run.attrs.get("data") == data.attrs["data"]
    p = float(run.attrs.get("p_value", np.nan)) if fitted_here else np.nan
    if n_free == 0:
        p = p_value(noise, value, predictions, np.empty((value.size, 0)))
    assumed = run.attrs.get("noise", noise.stated)
    if assumed != noise.stated:
        warnings = (*warnings, f"the fit assumed noise {assumed!r}, these scores that the printed errors are known")
    return Score(
        label=label,
        run=run,
        n_free=n_free,
        **scores(noise, value, predictions, n_free),
        p_value=p,
        predictions=predictions,
        warnings=(*run.attrs.get("warnings", "").splitlines(), *warnings, *_pair_warnings(run, data)),
        residuals=noise.standardised(predictions - value, predictions),
    )


def _own_score(run: xr.Dataset, label: str, n_free: int, predictions: NDArray, value: NDArray) -> Score:
    """Score by the density that a model states itself; no p value remains, as it was fitted."""
    residuals, noise = (predictions - value) / run.own_sd.values, OwnDensity()
    scored = scores(noise, value, run.log_density.values, n_free) | {"error": float(np.mean(residuals**2))}
    warnings = tuple(run.attrs.get("warnings", "").splitlines())
    return Score(
        label, run, n_free, **scored, p_value=np.nan, predictions=predictions, warnings=warnings, residuals=residuals
    )


def _aligned(run: xr.Dataset, name: str, data: xr.Dataset) -> xr.Dataset:
    """The run with exactly the protocols of the data, in their order."""
    if "weight_change" not in run.data_vars:
        raise InputError(f"{name} has no variable weight_change; it has {', '.join(map(str, run.data_vars)) or 'none'}")
    if run.weight_change.dims != ("protocol",) or "protocol" not in run.coords:
        raise InputError(f"weight_change of {name} must have the labelled dimension protocol alone")
    units, required = run.weight_change.attrs.get("units"), data.value.attrs["units"]
    if units != required:
        words = "be a fraction with" if required == "1" else "have"
        raise InputError(f"weight_change of {name} must {words} units {required!r}, got units {units!r}")
    protocols, present = data.protocol.values.tolist(), run.protocol.values.tolist()
    missing = [protocol for protocol in protocols if protocol not in present]
    if missing:
        raise InputError(
            f"{name} lacks the protocol {missing[0]!r} of {data.attrs['data']} "
            f"({len(missing)} of {len(protocols)} are missing); it has {', '.join(present)}"
        )
    if len(set(present)) < len(present):
        raise InputError(f"{name} has protocols that occur twice: {', '.join(present)}")
    run = run.sel(protocol=protocols)
    for protocol, value in zip(protocols, run.weight_change.values, strict=True):
        if not np.isfinite(value):
            raise InputError(f"weight_change of {protocol!r} in {name} is {value}; repeat the run")
    return run


def _n_free(run: xr.Dataset, name: str, data: str) -> tuple[int, tuple[str, ...]]:
    """Number of parameters that were fitted to the data: as the run states, or as the catalogue knows."""
    if "n_free" in run.attrs:
        return require_whole(f"attribute n_free of {name}", run.attrs["n_free"], low=0), ()
    if f"n_free_{data}" in run.attrs:
        number = require_whole(f"attribute n_free_{data} of {name}", run.attrs[f"n_free_{data}"], low=0)
        return number, (f"{number} default parameters of the rule were fitted to these data: they count as free",)
    return 0, ("the run has no attribute n_free, the number of parameters fitted to these data: none are counted",)


def _pair_warnings(run: xr.Dataset, data: xr.Dataset) -> tuple[str, ...]:
    """Warn if a run repeated its protocols another number of times than the data: that changes E strongly."""
    n_pairs = json.loads(run.attrs["parameters"]).get("n_pairs")
    if n_pairs is None or "pre_time" not in data or run.attrs["scenario"] != data.attrs["scenario"]:
        return ()
    repeats = int(data.pre_time.notnull().sum("pre_spike").max())
    if n_pairs == repeats:
        return ()
    return (f"the run has {n_pairs} pairs per protocol, the data are about {repeats}",)
