"""Catalogue of figures, one file each: ``NAME(*runs, data=None)`` returns a matplotlib Figure.

`runs` are Datasets of runs, `data` measurements to be drawn with them. A figure raises `InputError` if there is nothing
to draw, a run is of another scenario, or a variable or coordinate is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from plasticity.errors import InputError
from plasticity.support import catalog
from plasticity.support.late import call
from plasticity.support.lazy import export

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = [*export(__name__, catalogue=True), "draw", "drawable", "load", "names"]

GENERAL = "by_protocol"
OF_RUNS = (  # of any circuit
    *("raster", "weight_matrices", "receptive_fields"),
    *("weight_histogram", "weight_traces", "learning_curve"),
)


def names() -> list[str]:
    """Names of all figures."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Figure]:
    """Function that draws the figure `name`."""
    return catalog.load(__name__, name, "figure")


def draw(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw runs, and measurements if there are any, in the figure of their scenario.

    The attribute ``scenario`` of the data (or else of the first run) chooses the figure; without one of that
    name it is the general figure, `analysis.figures.by_protocol`, and for a circuit the first of `drawable`. Above
    the panels stand the title of one run and the question of its scenario; a reduced run is named.

    Parameters
    ----------
    *runs : xarray.Dataset
        Runs of one scenario, or with ``weight_change(protocol)`` [1].
    data : xarray.Dataset, optional
        Measurements, see `analysis.data.record`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there is nothing to draw, there is no figure for it, or a run is no Dataset.

    Examples
    --------
    >>> from analysis import as_dataset, fit
    >>> fitted = fit("pair_stdp", "sjostrom_2001")
    >>> len(draw(as_dataset(fitted), data=fitted.data).axes)  # one panel per interval
    2
    """
    call("analysis.pages.figure_parts:require_datasets", runs, data)
    drawn = [dataset for dataset in (data, *runs) if dataset is not None]
    for run in runs:
        if "swept" in run.attrs:
            raise InputError(f"{run.attrs['title']!r} is a sweep; draw one run of it")
    if data is None and runs and _is_of_circuit(runs[0]):
        return drawable(*runs)[0][1]
    scenario = drawn[0].attrs.get("scenario") if drawn else None
    figure = scenario if scenario in names() else GENERAL
    if figure == GENERAL or any("protocol" in dataset.dims for dataset in drawn):
        for run in runs:
            if "weight_change" not in run:
                raise InputError(f"{run.attrs['title']!r} has no weight_change: there is no figure for it yet")
    return _headed(load(figure)(*runs, data=data), runs)


def drawable(*runs: xr.Dataset, kind: str | None = None) -> list[tuple[str, Figure]]:
    """All figures for which runs hold what is needed, with their names.

    Parameters
    ----------
    *runs : xarray.Dataset
        Of a circuit, made by `circuits.as_dataset`, or files of weights; several, with other seeds, make a learning
        curve. Runs of a scenario have its figure.
    kind : str, optional
        Name of one figure alone.

    Returns
    -------
    list of (str, matplotlib.figure.Figure)

    Raises
    ------
    InputError
        If there is none; with the reasons.

    Examples
    --------
    >>> from circuits import as_dataset, load, run
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> pairs = run(load("pairing")([[0.01]] * 2, [[0.02]] * 2, pair_stdp()), 0.03, record_every=0.01)
    >>> [name for name, figure in drawable(as_dataset(pairs))]
    ['weight_matrices', 'weight_histogram', 'weight_traces']
    """
    call("analysis.pages.figure_parts:require_datasets", runs, None)
    if kind is not None:
        return [(kind, _headed(load(kind)(*runs), runs))]
    if runs and not _is_of_circuit(runs[0]):
        return [(runs[0].attrs["scenario"] or GENERAL, draw(*runs))]
    figures, reasons = [], []
    for name in OF_RUNS:
        try:
            figures.append((name, _headed(load(name)(*runs), runs)))
        except InputError as error:
            reasons.append(f"{name}: {error}")
    if not figures:
        raise InputError(f"there is no figure for this run yet. {'; '.join(reasons)}")
    return figures


def _is_of_circuit(run: xr.Dataset) -> bool:
    """Whether a run is one of a circuit, also one written before files stated it."""
    if "run_arguments" in run and run.attrs.get("scenario") not in names():
        return True
    return not run.attrs.get("scenario") and "weight_change" not in run and "protocol" not in run.dims


def _headed(made: Figure, runs: Sequence[xr.Dataset]) -> Figure:
    from analysis.pages.figure_parts import headed

    return headed(made, runs)
