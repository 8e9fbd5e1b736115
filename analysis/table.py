"""The table rules × data sets: every contender fitted, tested on what it has not seen, and put into one sentence."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from tqdm import tqdm

from analysis.contest.benchmarks import BENCHMARKS, benchmark
from analysis.fit import Fit, fit
from analysis.fitting.fitted_run import as_dataset
from analysis.leave_out import LeftOut, leave_out
from analysis.pages.quantity import signed
from analysis.recover import recover
from plasticity.errors import DivergedError, InputError, require_number

__all__ = ["Cell", "make_cell", "make_cells", "table"]

N_STARTS = 10
N_SETS = 50  # synthetic data sets for the recovery of parameters
WITHIN, NEAR = 1.5, 4.0  # E per degree of freedom up to which predictions lie within the errors, and near them
MISS = 2.0  # standard errors from which the worst protocol is named


@dataclass(frozen=True, eq=False)
class Cell:
    """One rule on one data set.

    Parameters
    ----------
    benchmark, label : str
        Column and row of the table.
    run : xarray.Dataset
        Everything as one run, see `analysis.fitting.fitted_run.as_dataset`.
    error : float
        E of the fit.
    left_out : LeftOut or None
        None if the data are too few to leave anything out.
    sentence : str
        The result in words.
    """

    benchmark: str
    label: str
    run: xr.Dataset
    error: float
    left_out: LeftOut | None
    sentence: str

    @property
    def n_free(self) -> int:
        """Number of free parameters."""
        return int(self.run.attrs["n_free"])

    @property
    def derived(self) -> bool:
        """Whether the rule was derived from an objective, or else written by hand."""
        return bool(self.run.attrs["derived"])


def table(
    directory: str | os.PathLike, names: Sequence[str] = (), workers: int | None = None, seed: int = 0
) -> list[Cell]:
    """Fit every contender to every benchmark and write the table, its page and all runs to a folder.

    Parameters
    ----------
    directory : str or path
        Folder, made if needed: ``table.html``, ``table.md``, figures, and ``runs/BENCHMARK/NUMBER.nc``.
    names : sequence of str
        Benchmarks, see `analysis.contest.benchmarks.BENCHMARKS`; all by default.
    workers : int, optional
        Processes; by default as many as there are processors.
    seed : int
        The same seed gives the same numbers, whatever the number of workers.

    Returns
    -------
    list of Cell
        In the order of the benchmarks and their contenders.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark.
    InputError
        If the folder cannot be written.
    """
    from analysis.pages.table_page import table_page
    from analysis.pages.write_document import write_document
    from plasticity.dataset import check_writable, write

    check_writable(Path(directory) / "table.html")
    jobs = [(b.name, i) for b in map(benchmark, names or BENCHMARKS) for i in range(len(b.contenders))]
    cells = make_cells(jobs, workers, seed)
    for (name, i), cell in zip(jobs, cells, strict=True):
        write(cell.run, Path(directory, "runs", name, f"{i + 1:02d}_{cell.run.attrs['rule']}.nc"))
    write_document(table_page(cells), directory, "table")
    return cells


def make_cell(name: str, index: int, seed: int = 0) -> Cell:
    """Fit the contender number `index` of a benchmark, cross-validate it and recover its parameters.

    Examples
    --------
    >>> make_cell("sjostrom_2001", 0).label
    'pair, all spikes'
    """
    bench = benchmark(name)
    contender = bench.contenders[index]
    fitted = fit(contender.make(), bench.load(), contender.free, contender.bounds, N_STARTS, seed)
    enough = fitted.n_protocols - len(fitted.free) > 1
    left = leave_out(fitted, bench.unit, n_starts=2, seed=seed) if enough else None
    recovery = recover(fitted, N_SETS, n_starts=1, seed=seed) if contender.recovery else None
    run = as_dataset(fitted, left, recovery=recovery).assign_attrs(label=contender.label)
    return Cell(name, contender.label, run, fitted.error, left, _sentence(fitted, left, recovery))


def make_cells(jobs: Sequence[tuple[str, int]], workers: int | None = None, seed: int = 0) -> list[Cell]:
    """`make_cell` of every (benchmark, index), in that order, by several processes.

    Raises
    ------
    InputError
        If a contender cannot be fitted; the message names it.
    """
    workers = int(require_number("workers", os.cpu_count() or 1 if workers is None else workers, low=1))
    if workers == 1:
        return [make_cell(name, index, seed) for name, index in tqdm(jobs, "table", disable=None)]
    found: dict[int, Cell] = {}
    context = multiprocessing.get_context("spawn")  # a forked child would inherit locks of numerical libraries
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        futures = {pool.submit(make_cell, *job, seed): i for i, job in enumerate(jobs)}
        for future in tqdm(as_completed(futures), "table", len(jobs), disable=None):
            name, index = jobs[futures[future]]
            try:
                found[futures[future]] = future.result()
            except (InputError, DivergedError) as error:
                label = benchmark(name).contenders[index].label
                raise InputError(f"{label} on {name}: {error}") from error
    return [found[i] for i in range(len(jobs))]


def _sentence(fitted: Fit, left: LeftOut | None, recovery: xr.Dataset | None) -> str:
    """Agreement, worst protocol, prediction of the unseen, what is identifiable."""
    n, k = fitted.n_protocols, len(fitted.free)
    reduced = fitted.error * n / (n - k) if n > k else float("nan")
    agreement = "within the errors" if reduced <= WITHIN else "near the data" if reduced <= NEAR else "fails"
    parts = [f"{agreement[0].upper()}{agreement[1:]}"]
    residual = (fitted.predictions - fitted.data.value.values) / fitted.data.sem.values
    worst = int(np.argmax(np.abs(residual)))
    if abs(residual[worst]) > MISS:
        name = fitted.data.protocol.values[worst]
        parts.append(f"worst for {name} ({signed(residual[worst])} standard errors)")
    if left is not None and left.error > 2 * max(fitted.error, 1.0):
        parts.append(f"worse on what it has not seen (E {left.error:.2g})")
    if fitted.at_bound:
        parts.append(f"{' and '.join(fitted.at_bound)} on a bound")
    if recovery is not None:
        known = int(recovery.identifiable.sum())
        parts.append("all parameters identifiable" if known == k else f"{known} of {k} parameters identifiable")
    else:
        parts.append("parameters not recovered from synthetic data, as that takes long")
    return "; ".join(parts) + "."
