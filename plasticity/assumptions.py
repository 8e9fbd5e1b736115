"""Assumptions under which a learning rule is optimal: for whom does it make sense, and what would decide?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.linearised import FACTOR, Linearised, Raised, field_of, linearised, minimum_near
from plasticity.objective import Objective
from plasticity.optimal.inverse import (
    SAME,
    antisymmetry,
    decay_of,
    discount_across_levels,
    hazard_of,
    is_metric,
    least_drift,
    momentum_discount,
    preconditioner,
    reach,
)
from plasticity.pages.markdown import markdown
from plasticity.rule import Rule
from plasticity.support.checks import checked, require_array, require_number

Array = NDArray[np.float64]
KINDS = ("any horizon", "drift", "decay or tasks", "momentum", "none")


@dataclass(frozen=True, eq=False)
class Assumptions:
    """Discounts, metrics, drifts and hazards for which a rule is optimal near a minimum, made by `assumptions_of`.

    Parameters
    ----------
    name : str
        Of the rule.
    kind : str
        ``"any horizon"`` (a metric exists at every discount, without drift), ``"drift"`` (only with a drift),
        ``"decay or tasks"`` (rests short of the optimum), ``"momentum"`` (controls its acceleration), or ``"none"``.
    motion : Linearised
        R, or K and C, and the curvature.
    rest_gain : (n, n) array
        W: how the rest point follows the optimum; the identity if it rests there.
    fixed_metric_discount : float
        Discount at which the metric stays the same when the loss is raised: ``inf`` for a short horizon, NaN if
        there is none or the rule does not read the loss.
    hazard : float
        λ [1/s] that explains the rest point at ``fixed_metric_discount``'s place, NaN if none does.
    verdict, common, decides : str
        What the rule forces, what all its explanations share, and the observation that would narrow them.
    raised_slope : (n, n) array or None
        R on `plasticity.linearised.FACTOR` times the loss; None if the rule does not read the loss.
    """

    name: str
    kind: str
    motion: Linearised
    rest_gain: Array
    fixed_metric_discount: float
    hazard: float
    verdict: str
    common: str
    decides: str
    raised_slope: Array | None = None

    def reach(self, discount: float) -> Array:
        """``S = ηk BG⁻¹Bᵀ`` (n, n) [1/(loss·s²)] at a discount, of the explanation with the least drift."""
        discount = require_number("discount", discount, low=0, unit="1/s")
        if self.kind == "any horizon":
            answer = reach(self.motion.slope, self.motion.hessian, discount)
            return 0.5 * (answer + answer.T)
        if self.kind == "drift":
            return least_drift(self.motion.slope, self.motion.hessian, discount)[1]
        raise InputError(f"rule {self.name!r} has no inverse metric by its velocity alone (kind {self.kind!r})")

    def drift(self, discount: float) -> Array:
        """Least drift A (n, n) [1/s] of f(θ) = Aθ at a discount; about the optimum, or a decay to 0 (its negative)."""
        discount = require_number("discount", discount, low=0, unit="1/s")
        if self.kind == "any horizon":
            return np.zeros_like(self.motion.slope)
        if self.kind == "drift":
            return least_drift(self.motion.slope, self.motion.hessian, discount)[0]
        if self.kind == "decay or tasks":
            return -decay_of(self.motion.slope, self.rest_gain, discount)
        raise InputError(f"rule {self.name!r} has no drift by its velocity alone (kind {self.kind!r})")

    def objective(self, discount: float) -> Objective:
        """Objective (η = k = 1) at a discount whose optimal policy is the rule, about the optimum of the loss.

        Examples
        --------
        >>> from plasticity import Quadratic, solve
        >>> loss = Quadratic([[3.0, 1.0], [1.0, 0.5]], [0.0, 0.0])
        >>> answer = assumptions_of(0.7 * loss.hessian_matrix, loss)
        >>> solve(answer.objective(10.0), loss).closed_loop.round(9)
        array([[-2.1 , -0.7 ],
               [-0.7 , -0.35]])
        """
        inverse, drift = self.reach(discount), self.drift(discount)
        if not np.all(np.isfinite(inverse)):
            raise InputError(f"rule {self.name!r} is optimal for no drift at discount={discount:g}; use a larger one")
        values, vectors = np.linalg.eigh(inverse)
        moved = values > SAME * values[-1]
        control = None if moved.all() else vectors[:, moved] * np.sqrt(values[moved])
        metric = None if control is not None else np.linalg.inv(inverse)
        return Objective(discount, metric=metric, drift=drift if np.any(drift) else None, control=control)

    def _repr_markdown_(self) -> str:
        """Show the verdict in a notebook."""
        return "\n".join(f"- {markdown(line)}" for line in str(self).splitlines())

    def __str__(self) -> str:
        """The verdict in three sentences."""
        return f"{self.verdict}\nIn common: {self.common}\nWhat decides: {self.decides}"


@checked
def assumptions_of(
    rule: Rule | Any, landscape: Any = None, near: ArrayLike | None = None, patterns: ArrayLike | None = None
) -> Assumptions:
    """Set of assumptions (γ, G, B, f, λ) for which a rule is optimal near a minimum of a loss.

    With the slopes ``θ̇ = −R(θ − μ)`` and the curvature H the rule is optimal without drift exactly if ``N = RH⁻¹`` is
    symmetric and positive; then it is at every γ ≥ 0, for ``ηk BG⁻¹Bᵀ = (R² + γR)H⁻¹ = γN + NHN``. Otherwise a drift
    makes it optimal: the least one is named. Raising the loss shows at which γ one metric serves all losses.

    Parameters
    ----------
    rule : Rule, Policy, callable or (n, n) array
        A rule with values for its parameters; a velocity field of θ (n,); or R itself. Beliefs count as having reached
        what they estimate; a rule that acts at ticks is read per tick.
    landscape : Landscape, optional
        With positive curvature where the rule rests. Without one it is the loss that the rule itself descends where it
        comes to rest from `near`, if there is such a loss.
    near : (n,) array, optional
        Point close to the minimum; the optimum of a quadratic loss.
    patterns : (k, n) array, optional
        Rates of the inputs [Hz], for a rule that reads rates or spikes: it is averaged over them in a linear neuron.

    Returns
    -------
    Assumptions

    Raises
    ------
    InputError
        If the rule does not rest near the minimum, has a state without a steady value, or needs `patterns`.

    Examples
    --------
    >>> from plasticity import Quadratic
    >>> from plasticity.rules.ballistic import ballistic
    >>> answer = assumptions_of(ballistic(), Quadratic([1.0, 4.0], [1.0, -0.5]))
    >>> answer.kind, answer.fixed_metric_discount
    ('any horizon', 0.0)

    References
    ----------
    vastola_2025; kalman_1964 (when a linear feedback is optimal).
    """
    parts = ("loss", "gradient", "hessian")
    if landscape is not None and not all(callable(getattr(landscape, part, None)) for part in parts):
        raise InputError(f"landscape must have loss, gradient and hessian (plasticity.landscapes), got {landscape!r}")
    inputs = None if patterns is None else require_array("patterns", patterns)
    on, second_order, sees_loss = field_of(rule, inputs)
    start = minimum_near(landscape, near)
    motion = linearised(on(landscape), landscape, start, second_order)
    if landscape is None and second_order:
        raise InputError("landscape is needed for a rule with momentum; got None")
    name = str(getattr(rule, "name", "the rule"))
    if second_order:
        return _momentum(name, motion)
    raised, rest_gain = None, np.eye(start.size)
    if sees_loss and landscape is not None:
        raised = linearised(on(Raised(landscape, FACTOR)), Raised(landscape, FACTOR), motion.rest, False)
        rest_gain = _rest_gain(on, landscape, motion)
    fixed = np.nan if raised is None else discount_across_levels(motion.slope, raised.slope, FACTOR)
    if np.linalg.norm(rest_gain - np.eye(start.size)) > 10 * SAME:
        return _short_of_optimum(name, motion, rest_gain)
    if is_metric(preconditioner(motion.slope, motion.hessian)):
        return _any_horizon(name, motion, fixed, None if raised is None else raised.slope, landscape is None)
    return _with_drift(name, motion)


def _rest_gain(on: Any, landscape: Any, motion: Linearised) -> Array:
    """W = ∂(rest point)/∂(optimum), by moving the loss along every parameter."""
    n, step = motion.rest.size, 1e-2 * (1 + float(np.abs(motion.rest).max()))
    columns = []
    for unit in np.eye(n):
        moved = [
            linearised(on(Raised(landscape, 1.0, offset)), Raised(landscape, 1.0, offset), motion.rest, False).rest
            for offset in (step * unit, -step * unit)
        ]
        columns.append((moved[0] - moved[1]) / (2 * step))
    return np.stack(columns, axis=1)


def _any_horizon(name: str, motion: Linearised, fixed: float, raised: Array | None, own: bool) -> Assumptions:
    values = np.linalg.eigvalsh(preconditioner(motion.slope, motion.hessian))
    rank = int(np.sum(values > SAME * values[-1]))
    limited = "" if rank == motion.rest.size else f", with control of {rank} of {motion.rest.size} directions"
    verdict = f"{name} is optimal at every horizon, each with its own metric, without drift{limited}."
    alone = f"A metric that stays the same when the loss is raised {FACTOR:g}-fold"
    if own:
        curvature = np.round(motion.hessian, 6).tolist()
        common = f"Near its rest at {np.round(motion.rest, 4).tolist()} it descends a loss of curvature {curvature}."
    elif raised is None:
        common = "The velocity is N times the downhill gradient, N symmetric and positive."
    elif np.isnan(fixed):
        common = f"{alone} exists at no horizon: the metric follows the loss (as where a step ends at the minimum)."
    elif np.isinf(fixed):
        common = f"{alone} exists for a short horizon only (γ → ∞); with a free metric any horizon serves."
    elif fixed == 0:
        common = f"{alone} exists for a long horizon only (γ → 0); with a free metric any horizon serves."
    else:
        common = f"{alone} exists at γ = {fixed:.6g} /s only; with a free metric any horizon serves."
    decides = (
        "Rates at two levels of loss (or curvatures) with the same metric: γ = (cR₁² − R₂²)/(R₂ − cR₁); or noise that "
        "shows the metric."
    )
    one = np.eye(motion.rest.size)
    return Assumptions(name, "any horizon", motion, one, fixed, np.nan, verdict, common, decides, raised)


def _with_drift(name: str, motion: Linearised) -> Assumptions:
    size = float(np.linalg.norm(motion.slope))
    n = motion.rest.size
    explained = {level: least_drift(motion.slope, motion.hessian, level * size)[0] for level in (0.01, 1.0, 100.0)}
    explained = {level: drift for level, drift in explained.items() if np.all(np.isfinite(drift))}
    asymmetry = antisymmetry(preconditioner(motion.slope, motion.hessian))
    reason = (
        f"the antisymmetric part of RH⁻¹ is {asymmetry:.2g} of its norm"
        if asymmetry >= SAME
        else "RH⁻¹ has a negative eigenvalue: it climbs the loss along some direction"
    )
    if not explained:
        verdict = f"{name} is optimal for no metric and no drift about its rest point: {reason}."
        return Assumptions(
            name, "none", motion, np.eye(n), np.nan, np.nan, verdict, "There is no explanation of this form.",
            "Whether the loss is another one.",
        )  # fmt: skip
    level, drift = min(explained.items(), key=lambda item: float(np.linalg.norm(item[1])))
    turning = antisymmetry(drift)
    sort = "rotation" if turning > 0.9 else "decay and growth" if turning < 0.1 else "rotation and growth"
    verdict = (
        f"{name} is optimal for no metric without drift, at any horizon ({reason}); the least drift that makes it "
        f"optimal is a {sort} of norm {np.linalg.norm(drift):.4g} /s (at γ = {level * size:.3g} /s; "
        f"the rule: {size:.4g} /s)."
    )
    common = "A velocity that is no downhill gradient in any metric: something moves the weights that is not control."
    decides = "Trials without loss: what still moves is the drift, θ̇ = f(θ)."
    return Assumptions(name, "drift", motion, np.eye(n), np.nan, np.nan, verdict, common, decides)


def _short_of_optimum(name: str, motion: Linearised, rest_gain: Array) -> Assumptions:
    hazard, discount = hazard_of(motion.slope, rest_gain)
    far = 1e6 * float(np.linalg.norm(motion.slope))
    decay, short = decay_of(motion.slope, rest_gain, 1.0), decay_of(motion.slope, rest_gain, far)
    rates, even = np.linalg.eigvals(decay).real, np.linalg.eigvals(short).real
    same = bool(np.ptp(even) < 1e-4 * np.abs(even).max())
    verdict = (
        f"{name} rests short of the optimum (on average at {np.trace(rest_gain) / len(rest_gain):.4g} of it), so it is "
        "optimal only with default dynamics or with tasks that are replaced: "
    )
    if np.isnan(hazard):
        verdict += "no one hazard explains all directions; "
    else:
        verdict += f"a hazard λ = {hazard:.6g} /s at γ = {discount:.6g} /s explains all directions; "
    verdict += f"a decay of {np.min(rates):.4g} to {np.max(rates):.4g} /s explains it at γ = 1 /s"
    verdict += f", one decay of {even.mean():.4g} /s in all directions at a short horizon." if same else "."
    common = "Something pulls the weights to 0: a decay, or a prior for the tasks to come."
    decides = "Trials without loss show a decay, and a hazard does not pull there; or 1 − W against the rate."
    return Assumptions(name, "decay or tasks", motion, rest_gain, discount, hazard, verdict, common, decides)


def _momentum(name: str, motion: Linearised) -> Assumptions:
    assert motion.damping is not None
    one = np.eye(motion.rest.size)
    values, modes = np.linalg.eig(motion.slope)
    damping = np.linalg.solve(modes, motion.damping @ modes)
    aside = float(np.linalg.norm(damping - np.diag(np.diag(damping))))
    if np.abs(values.imag).max() > SAME * np.abs(values).max() or aside > 10 * SAME * np.linalg.norm(damping):
        verdict = f"{name} has momentum whose stiffness and damping share no modes; its explanation needs drift."
        return Assumptions(
            name, "none", motion, one, np.nan, np.nan, verdict, "None.", "Trials without loss show friction and drift."
        )
    stiffness, friction = values.real, np.diag(damping).real
    free = np.array([momentum_discount(k, c, 0.0) for k, c in zip(stiffness, friction, strict=True)])
    size = float(np.abs(friction).max())
    verdict = f"{name} controls its acceleration. "
    discount = np.nan
    if np.ptp(free) < 100 * SAME * size and free.min() > -100 * SAME * size:
        discount = max(float(free.mean()), 0.0)
        discount = 0.0 if discount < 100 * SAME * size else discount
        verdict += f"Without friction it is optimal at γ = {discount:.6g} /s, whatever the metric."
    elif np.ptp(friction) < 100 * SAME * size and np.ptp(stiffness) > 100 * SAME * stiffness.max():
        discount = np.inf
        verdict += (
            f"With one damping for curvatures that differ it is optimal in the limit of a short horizon (γ → ∞), the "
            f"damping {friction[0]:.4g} /s being passive friction."
        )
    else:
        least = np.sqrt(np.maximum(friction**2 - 2 * stiffness, 0.0))
        verdict += f"It needs passive friction of at least {least.max():.4g} /s, each value with its own horizon."
    common = "Momentum shows its horizon in one direction, metric free: γ = 2K/(C − c) − c − C with friction c."
    decides = "Coasting without loss shows the passive friction c; then stiffness and damping give γ."
    return Assumptions(name, "momentum", motion, one, discount, np.nan, verdict, common, decides)
