"""Catalogue of figures, one file each: ``NAME(*runs, data=None)`` returns a matplotlib Figure.

`runs` are Datasets of runs, `data` measurements to be drawn with them. A figure raises `InputError` if there is nothing
to draw, a run is of another scenario, or a variable or coordinate is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plasticity.errors import InputError
from plasticity.support import catalog

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

GENERAL = "by_protocol"


def names() -> list[str]:
    """Names of all figures."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Figure]:
    """Function that draws the figure `name`."""
    return catalog.load(__name__, name, "figure")


def draw(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw runs, and measurements if there are any, in the figure of their scenario.

    The attribute ``scenario`` of the data (or else of the first run) chooses the figure; without one of that
    name it is the general figure, `analysis.figures.by_protocol`. Above the panels stand the title of one run and the
    question of its scenario; a reduced run is named.

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
        If there is nothing to draw, or there is no figure for it.

    Examples
    --------
    >>> from analysis import as_dataset, fit
    >>> fitted = fit("pair_stdp", "sjostrom_2001")
    >>> len(draw(as_dataset(fitted), data=fitted.data).axes)  # one panel per interval
    2
    """
    drawn = [dataset for dataset in (data, *runs) if dataset is not None]
    scenario = drawn[0].attrs.get("scenario") if drawn else None
    figure = scenario if scenario in names() else GENERAL
    if figure == GENERAL or any("protocol" in dataset.dims for dataset in drawn):
        for run in runs:
            if "weight_change" not in run:
                raise InputError(f"{run.attrs['title']!r} has no weight_change: there is no figure for it yet")
    made = load(figure)(*runs, data=data)
    from analysis.pages.figure_parts import headed

    return headed(made, runs)
