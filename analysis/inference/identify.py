"""What an experiment can tell about a learner, before there are data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference.aliases import Structure, structure
from analysis.inference.experiment import Experiment
from analysis.inference.fisher import fisher
from analysis.inference.learner import DEFAULTS, Family, coordinates, make_family
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.support.checks import checked, require_record

Array = NDArray[np.float64]
GUESS = {"discount": 1.0, "drift": 0.3, "hazard": 0.3, "process_strength": 0.1, "measurement_noise": 0.03}


@dataclass(frozen=True, eq=False)
class Identifiability:
    """Aliases and expected errors of the unknown assumptions, made by `identifiable`.

    Parameters
    ----------
    names : tuple of str
        Coordinates of the unknown assumptions.
    aliases : tuple of str
        What cannot be known, in words.
    aliased : (d,) array of bool
    error : (d,) array
        Expected standard error of the logarithm of each (of the value, for entries of a full matrix off its diagonal);
        inf for what is aliased.
    information : (d, d) array
        Fisher information of the coordinates.
    """

    names: tuple[str, ...]
    aliases: tuple[str, ...]
    aliased: NDArray[np.bool_]
    error: Array
    information: Array

    def __str__(self) -> str:
        """A line per unknown, and one per alias."""
        lines = [
            f"{name}: "
            + ("not identifiable" if bad else f"± {100 * error:.3g} %" if error < 1 else f"± {error:.3g} (ln)")
            for name, bad, error in zip(self.names, self.aliased, self.error, strict=True)
        ]
        return "\n".join([*lines, *(f"alias: {alias}" for alias in self.aliases)])


@checked
def identifiable(
    experiment: Experiment,
    unknown: Sequence[str] | str = ("discount", "metric"),
    values: Mapping[str, Any] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    metric: str = "isotropic",
    process_noise: str = "metric",
    control: Any = None,
    prior_mean: Any = 0.0,
    rank: int | None = None,
) -> Identifiability:
    """Assumptions that the records of an experiment can show, and with what error, before any data.

    Aliases are the null space of the derivative of what the motion and the noise can show; the errors follow from the
    Fisher information of the records, ``∂mᵀ C⁻¹ ∂m + ½ tr(C⁻¹ ∂C C⁻¹ ∂C)``.

    Parameters
    ----------
    experiment : Experiment
    unknown : sequence of str
        As for `infer`.
    values : mapping
        Learner at which errors are computed: values of the unknowns by name; 1 or 0.1 for the others. With `rank` the
        metric is stated by L (n, rank), ``ηk BG⁻¹Bᵀ = LLᵀ``.
    known, metric, process_noise, control, prior_mean, rank
        As for `infer`.

    Returns
    -------
    Identifiability

    Raises
    ------
    InputError
        If a name or value cannot be used.

    Examples
    --------
    >>> from plasticity.landscapes import Quadratic
    >>> one = Experiment(Quadratic(2.0, [0.0, 0.0]), [1.0, 0.5], np.linspace(0, 4, 20))
    >>> print(*identifiable(one, process_noise="free").aliases)  # doctest: +ELLIPSIS
    γ and G (discount, metric) change together with one curvature: another γ goes with another ηk/G; ...

    References
    ----------
    vastola_2025.
    """
    require_record("experiment", experiment, Experiment)
    if not all(isinstance(landscape, Quadratic) for landscape in experiment.landscapes):
        raise InputError("experiment must have quadratic losses; take Quadratic(curvature, minimum) near a minimum")
    family = make_family(experiment.n, unknown, known, metric, process_noise, control, prior_mean, rank)
    u = coordinates_of(family, values or {})
    shown, information, error = expected_errors(family, u, experiment)
    return Identifiability(family.names, shown.aliases, shown.aliased, error, information)


def expected_errors(family: Family, u: Array, experiment: Experiment) -> tuple[Structure, Array, Array]:
    """Aliases, Fisher information (d, d) and expected standard errors (d,) of the coordinates at u (d,)."""
    shown = structure(family, u, experiment.tasks[0])
    information = fisher(family, u, experiment)
    error = np.full(u.size, np.inf)
    null = shown.null
    seen = np.linalg.svd(null, full_matrices=True)[0][:, null.shape[1] :] if null.size else np.eye(u.size)
    if seen.size:
        inner = seen.T @ information @ seen
        variance = np.diag(seen @ np.linalg.pinv(inner, rcond=1e-13, hermitian=True) @ seen.T)
        error = np.where(shown.aliased, np.inf, np.sqrt(np.maximum(variance, 0.0)))
    return shown, information, error


def coordinates_of(family: Family, values: Mapping[str, Any]) -> Array:
    """Coordinates (d,) of a learner by the names of its assumptions; the metric as in `plasticity.Objective`.

    Raises
    ------
    InputError
        If a value is of no unknown assumption, or not positive.
    """
    extra = set(values) - set(family.unknown)
    if extra:
        raise InputError(
            f"values of {', '.join(sorted(extra))} are of no unknown assumption: {', '.join(family.unknown)}"
        )
    u = np.zeros(len(family.names))
    for name, block in family.slices().items():
        value = np.asarray(values.get(name, GUESS.get(name, DEFAULTS.get(name, 1.0))), dtype=float)
        if name == "metric" and family.rank is not None:
            u[block] = _trapezoid(value if value.ndim == 2 else np.eye(family.n, family.m))
        elif name == "drift_matrix":
            u[block] = (value if value.ndim else np.zeros((family.n, family.n))).ravel()
        elif name == "control":
            u[block] = (value if value.ndim else np.eye(family.n, family.m)).ravel()
        elif name == "process_covariance":
            u[block] = coordinates(value if value.ndim == 2 else 0.01 * np.eye(family.n))
        elif name == "metric" and family.metric == "full":
            matrix = value if value.ndim == 2 else np.diag(np.broadcast_to(value, family.m))
            u[block] = coordinates(np.linalg.inv(matrix))
        else:
            if np.any(value <= 0):
                raise InputError(f"{name} must be > 0 as an unknown, got {value.tolist()}; make it known if it is 0")
            u[block] = -np.log(value) if name == "metric" else np.log(value)
    return u


def _trapezoid(root: Array) -> Array:
    """Coordinates of L (n, m) after the rotation of its columns that leaves nothing above its diagonal.

    Examples
    --------
    >>> _trapezoid(np.array([[0.0, 2.0], [3.0, 0.0], [1.0, 1.0]])).round(9) + 0.0
    array([2., 0., 3., 1., 1.])
    """
    lower = np.linalg.qr(root.T)[1].T
    lower = lower * np.where(np.diag(lower) < 0, -1.0, 1.0)
    return lower[np.tril_indices(len(root), m=root.shape[1])]
