"""What was inferred of a learner: draws, verdicts, checks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.inference.aliases import Structure, structure
from analysis.inference.checks import Checks, gap_of
from analysis.inference.problem import Problem
from plasticity.errors import InputError
from plasticity.objective import Objective

Array = NDArray[np.float64]
NARROW = 0.7  # posterior sd over prior sd above which no point estimate is reported
NARROWEST = 0.25  # below it a posterior is no tail of its prior
TAIL = 1.28  # prior sd of its 10 % and 90 % quantiles: a 5 % or 95 % quantile beyond them is the prior's
MISFIT = 1e-3  # p-value below which the family is rejected


@dataclass(frozen=True, eq=False)
class Inference:
    """Assumptions of a learner, inferred from its path, made by `infer`.

    Parameters
    ----------
    problem : Problem
        Family, data and priors.
    mode : (d,) array
        Coordinates of the most probable learner (logarithms of positive numbers).
    draws : (n_draws, d) array
        Of the posterior, independent.
    effective : float
        Effective number of them.
    log_likelihood : float
        ln p(paths | mode).
    shown : Structure
        Exact aliases at the mode.
    checks : Checks
        Of the best learner against the data.
    gap : (3,) array
        Excess cost of the measured motion over the optimum under the best assumptions, relative to it: 5 %, 50 % and
        95 % quantiles by the errors of the unrestricted system; NaN where it is not defined.
    seed : int
    slopes, slopes_covariance : arrays or None
        Slopes (n_tasks, n, n) of the best unrestricted linear system, and the covariance of their errors; None without
        ``check``.
    """

    problem: Problem
    mode: Array
    draws: Array
    effective: float
    log_likelihood: float
    shown: Structure
    checks: Checks
    gap: Array
    seed: int
    slopes: Array | None = None
    slopes_covariance: Array | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return self.problem.family.names

    @property
    def rejected(self) -> bool:
        """Whether the data reject the whole family, so that its assumptions explain nothing."""
        return self.checks.smallest < MISFIT

    @property
    def by_noise(self) -> str:
        """Alias of the discount that only noise that is constant in the metric breaks, in words; empty without one."""
        family = self.problem.family
        if family.process_noise != "metric" or not {"metric", "discount"} <= set(family.unknown):
            return ""
        unknown = tuple(name for name in family.unknown if name not in ("process_strength", "measurement_noise"))
        known = {**family.known, "measurement_noise": 1.0}
        alone = replace(family, unknown=unknown, known=known, process_noise="none")
        hidden = structure(alone, self.mode[: len(alone.names)], self.problem.models)
        return hidden.aliases[0] if hidden.aliased[alone.names.index("discount")] else ""

    def values(self, name: str) -> Array:
        """Posterior draws of an assumption in its own unit (an entry of a full metric: of its factor)."""
        column = self.draws[:, self.names.index(name)]
        return np.exp(column) if self.problem.family.logarithmic[self.names.index(name)] else column

    def interval(self, name: str, share: float = 0.9) -> tuple[float, float]:
        """Central credible interval."""
        low, high = np.quantile(self.values(name), [0.5 - share / 2, 0.5 + share / 2])
        return float(low), float(high)

    def verdict(self, name: str) -> str:
        """``"identified"``, ``"lower bound"``, ``"upper bound"``, ``"open"`` (follows its prior) or ``"alias"``."""
        i = self.names.index(name)
        if self.shown.aliased[i]:
            return "alias"
        mean, sd = self.problem.prior_mean[i], self.problem.prior_sd[i]
        column = self.draws[:, i]
        low, high = np.quantile(column, [0.05, 0.95])
        follows = (low < mean - TAIL * sd, high > mean + TAIL * sd)  # the prior, at its lower and its upper end
        if column.std() > NARROWEST * sd and any(follows):
            return {(True, True): "open", (False, True): "lower bound", (True, False): "upper bound"}[follows]
        return "identified" if column.std() <= NARROW * sd else "open"

    def estimate(self, name: str) -> float:
        """Posterior median; NaN where the data do not identify the assumption, or reject the family."""
        return (
            float(np.median(self.values(name))) if self.verdict(name) == "identified" and not self.rejected else np.nan
        )

    def gap_under(self, objective: Objective) -> Array:
        """Relative excess cost of the measured motion under stated assumptions: 5 %, 50 % and 95 % quantiles.

        Raises
        ------
        InputError
            If the inference ran without ``check``, or a loss is not quadratic.
        """
        if self.slopes is None or self.slopes_covariance is None:
            raise InputError("gap_under needs the measured motion; infer with check=True on quadratic losses")
        rng = np.random.default_rng([self.seed, 3])
        return gap_of(objective, self.problem, self.slopes, self.slopes_covariance, rng)

    def objective(self) -> Objective:
        """Objective of the most probable learner; what is not identified in it is one choice among many."""
        u, family = self.mode[None], self.problem.family
        root = family.root(u)[0]
        square = family.control is None and "control" not in family.unknown and family.rank is None
        values = {name: float(family.scalar(name, u)[0]) for name in ("discount", "drift", "hazard")}
        drift = family.drift(u)[0] if family.drifts else -values["drift"]
        return Objective(
            values["discount"],
            metric=np.linalg.inv(root @ root.T) if square else None,
            control=None if square else root,
            drift=drift if np.any(drift) else None,
            hazard=values["hazard"],
            prior_mean=family.prior_mean if values["hazard"] else None,
        )

    def __str__(self) -> str:
        """The report in words."""
        from analysis.inference.words import report_lines

        return "\n".join(report_lines(self))
