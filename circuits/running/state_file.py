"""States of runs in netCDF-4 files."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from circuits.network.run_state import RunState
from plasticity.dataset import make_dataset, read, write
from plasticity.errors import InputError
from plasticity.support.checks import checked

KIND = "state of a run"


@checked
def write_state(state: RunState, path: str | PathLike) -> Path:
    """Write a state to a netCDF-4 file, complete or not at all.

    Parameters
    ----------
    state : RunState
    path : path

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the path cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> path = write_state(RunState(20, 0.1, {"layer.w": np.array([1.0, 2.0])}), tempfile.mkdtemp() + "/state.nc")
    >>> read_state(path).time, read_state(path)["layer.w"]
    (2.0, array([1., 2.]))
    """
    variables = {
        name: (tuple(f"{name}.axis_{k}" for k in range(array.ndim)), array, "SI", name)
        for name, array in state.arrays.items()
    }
    ds = make_dataset(variables, {}, title=KIND, parameters={"dt": state.dt})
    seed = {} if state.seed is None else {"seed": state.seed}
    return write(ds.assign_attrs(step=state.step, dt=state.dt, is_changed=int(state.is_changed), **seed), path)


@checked
def read_state(path: str | PathLike) -> RunState:
    """State that `write_state` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    RunState
        The same to the last bit.

    Raises
    ------
    InputError
        If there is no such file, or it holds something else.
    """
    ds = read(path)
    if ds.attrs.get("title") != KIND:
        raise InputError(f"{path} is no state of a run but a {ds.attrs.get('title')}; use circuits.write_state")
    arrays = {str(name): variable.values for name, variable in ds.variables.items()}
    seed = int(ds.attrs["seed"]) if "seed" in ds.attrs else None
    return RunState(int(ds.attrs["step"]), float(ds.attrs["dt"]), arrays, bool(ds.attrs["is_changed"]), seed)
