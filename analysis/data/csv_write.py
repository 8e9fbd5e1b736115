"""A data set as text of a table, which `analysis.data.csv_table` reads again."""

from __future__ import annotations

import csv
import io

import numpy as np
import xarray as xr

from analysis.data.columns import THIRD_TRAIN, TRAINS
from analysis.data.kinds import KINDS, REGRESSOR
from analysis.data.spikes import THIRD, spike_trains, third_factor
from plasticity.support.checks import checked

__all__ = ["as_csv"]


@checked
def as_csv(data: xr.Dataset) -> str:
    r"""Text of a table with the columns that files of its kind may have; other coordinates are left out.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> print(as_csv(load("kirkwood_1996").isel(protocol=[2])))
    protocol,frequency_hz,value,sem,n,group
    light_10Hz,10,0.049,0.038,,light
    <BLANKLINE>
    """
    kind = KINDS[data.attrs["kind"]]
    columns = {"protocol": data.protocol.values.tolist()}
    labels = {label.column: data[label.name].values for label in kind.labels if label.name in data.coords}
    required = {label.column for label in kind.labels if label.required}
    columns |= {name: [_cell(v) for v in values] for name, values in labels.items() if name in required}
    if kind.name == "spikes":
        columns |= {name: [_train(t) for t in side] for name, side in zip(TRAINS, spike_trains(data), strict=True)}
        if f"{THIRD}_time" in data.variables:
            columns[THIRD_TRAIN] = [_train(t) for t in third_factor(data)]
    stated = {"value": data.value, "sem": data.sem, "n": data.n, "k": (data.value * data.n).round()}
    columns |= {name: [_cell(v) for v in stated.get(_role(name), data.value).values] for name in kind.columns}
    labels |= {str(name): c.values for name, c in data.coords.items() if str(name).startswith(REGRESSOR)}
    columns |= {name: [_cell(v) for v in values] for name, values in labels.items() if name not in required}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _role(column: str) -> str:
    """What a column holds, without its unit: ``sem`` of ``sem_mV``; a choice or a time is the value."""
    return column.partition("_")[0]


def _train(times: np.ndarray) -> str:
    return " ".join(repr(float(t)) for t in times)


def _cell(value: object) -> str:
    """Shortest text that is read as the same value; empty for NaN."""
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if np.isnan(number):
        return ""
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
