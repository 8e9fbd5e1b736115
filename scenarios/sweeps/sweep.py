"""Sweep: run a scenario for many parameters and seeds, into one Dataset; a sweep that was killed can be resumed."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticity.errors import FailedRunsError, InputError
from plasticity.support.checks import checked
from plasticity.support.cli import say
from plasticity.support.ending import orderly_end
from plasticity.support.workers import ATTEMPTS, run_in_processes, usable_cores
from scenarios.sweeps.design import Axis, grid_axes, list_axis, seed_axis
from scenarios.sweeps.folder import claim, error_file, locked, prepare, survey
from scenarios.sweeps.make_plan import make_plan
from scenarios.sweeps.plan import Plan
from scenarios.sweeps.worker import Outcome, Task, failed

if TYPE_CHECKING:
    import xarray as xr

REPORTED = 3  # failed runs that are named


@checked
def sweep(
    name: str,
    grid: Mapping[str, Iterable[Any]] | None = None,
    seeds: Iterable[int] = (0,),
    directory: str | Path | None = None,
    resume: bool = True,
    *,
    points: Sequence[Mapping[str, Any]] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    device: str | None = None,
    **fixed: Any,
) -> xr.Dataset:
    """Run the scenario `name` at every point of a design with every seed.

    Each run is ``run(name, seed=seed, device=device, **parameters)`` in a process with one thread, so its numbers do
    not depend on the number of workers, the order, or what was resumed. Its result is one file, complete or absent;
    errors are recorded beside it while the other runs go on.

    Parameters
    ----------
    name : str
        One of ``scenarios.names()``, or a circuit whose arguments all have defaults.
    grid : mapping of str to list
        Values of swept parameters; their product is swept.
    seeds : iterable of int
    directory : path, optional
        Folder for the results, by default ``results/NAME-sweep``.
    resume : bool
        Whether existing results of the same sweep are used; finished runs are not run again.
    points : list of mappings, optional
        Points that each set the same several parameters, such as those of `random_points`; dimension ``point``.
    workers : int, optional
        Number of processes, by default one per core.
    scheduler : str, optional
        Address of a dask scheduler, whose workers see `directory`; they run the sweep instead of processes here.
    device : {"cpp", "numpy"}, optional
    **fixed
        Parameters that are the same in all runs.

    Returns
    -------
    xarray.Dataset
        With the swept parameters and ``seed`` in front of the dimensions of each variable. The values of a failed run
        are NaN, and its ``completed`` is 0. A parameter whose name is also used in the runs is called ``swept_NAME``.

    Raises
    ------
    InputError
        If a value is out of range, or the directory holds another sweep or one that is running.
    FailedRunsError
        If no run succeeded.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ds = sweep("horizon", {"discount": [0.0, 1.0]}, range(2), folder, workers=1, n_points=11)
    >>> ds.rate_ratio.dims
    ('discount', 'seed')
    >>> round(float(ds.rate_ratio.sel(discount=0, seed=0)), 6)  # √4, the root of the ratio of the curvatures
    2.0
    """
    from plasticity.dataset import read

    axes = (*grid_axes(grid or {}), *([list_axis(points)] if points is not None else []), seed_axis(seeds))
    folder = Path(directory or f"results/{name}-sweep")
    path, _ = run_sweep(name, axes, folder, resume, workers=workers, scheduler=scheduler, device=device, fixed=fixed)
    return read(path)


def run_sweep(
    name: str,
    axes: Sequence[Axis],
    folder: Path,
    resume: bool,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: tuple[int, int] | None = None,
    device: str | None = None,
    fixed: Mapping[str, Any] | None = None,
) -> tuple[Path, int]:
    """Run a sweep, or the `shard` (number from 1, of how many) of it; the collected file and how many runs failed.

    A shard is not collected: its path is the folder.
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise InputError(f"workers must be a whole number >= 1, got {workers!r}")
    plan = make_plan(name, axes, fixed or {}, device)
    runs = prepare(folder)
    with orderly_end(), locked(folder, shard):
        claim(folder, plan, resume)
        points = plan.points[shard[0] - 1 :: shard[1]] if shard else plan.points
        files, damaged = survey(runs, (p.key for p in points))
        tasks = [
            Task(p.key, plan.scenario, dict(p.parameters), p.seed, plan.device, str(runs), plan.code)
            for p in points
            if p.key not in files
        ]
        for point in (p for p in points if p.key in damaged):
            say(f"the result of {plan.describe(point)} is damaged and will be computed again")
        errors = _execute(tasks, len(points), workers, scheduler)
        _report_errors(plan, errors, runs)
        if shard:
            return folder, len(errors)
        if len(errors) == len(plan.points):
            raise FailedRunsError(f"all {len(errors)} runs failed; see {runs}/*.error.json")
        from scenarios.sweeps.collect import collect

        files, _ = survey(runs, (p.key for p in plan.points)) if tasks else (files, [])
        return collect(plan, files, folder / "sweep.nc"), len(errors)


def _execute(tasks: list[Task], total: int, workers: int | None, scheduler: str | None) -> dict[str, str]:
    """Run the tasks with progress and time left on standard error; errors by key."""
    from tqdm import tqdm

    errors: dict[str, str] = {}
    quiet = {} if sys.stderr.isatty() else {"mininterval": 30.0}
    with (
        closing(_outcomes(tasks, workers, scheduler)) as outcomes,
        tqdm(total=total, initial=total - len(tasks), unit="run", **quiet) as progress,
    ):
        for outcome in outcomes:
            if outcome.error:
                errors[outcome.key] = outcome.error
                progress.set_postfix(failed=len(errors), refresh=False)
            progress.update()
    return errors


def _outcomes(tasks: list[Task], workers: int | None, scheduler: str | None) -> Generator[Outcome, None, None]:
    if tasks and scheduler is not None:
        from scenarios.sweeps.cluster import run_on_cluster

        yield from run_on_cluster(tasks, scheduler, ATTEMPTS)
    elif tasks:
        n_workers = min(workers or usable_cores(), len(tasks))
        answers = run_in_processes("scenarios.sweeps.worker:run_task", tasks, n_workers, group=_model_of)
        with closing(answers):
            for task, value, ending in answers:
                yield failed(task, f"its worker {ending}", attempts=ATTEMPTS) if ending else value


def _model_of(task: Task) -> str:
    """All but the seed: runs that differ in nothing else usually need the same compiled model."""
    return repr(sorted(task.parameters.items()))


def _report_errors(plan: Plan, errors: dict[str, str], runs: Path) -> None:
    failed = [p for p in plan.points if p.key in errors]
    for point in failed[:REPORTED]:
        say(f"failed: {plan.describe(point)}: {errors[point.key]}\n  see {error_file(runs, point.key)}")
    if len(failed) > REPORTED:
        say(f"… and {len(failed) - REPORTED} more")
