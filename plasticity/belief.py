"""Beliefs: what a learner infers about the landscape from noisy feedback, as records for `derive`."""

from __future__ import annotations

from dataclasses import dataclass

from plasticity.errors import InputError, require_number


@dataclass(frozen=True)
class FadingMemory:
    """Belief about a constant that may have changed: old evidence fades.

    In discrete steps with `decay` β the posterior mean after t observations is the bias-corrected moving average
    ``m̂ ← m̂ + (1 − β)/(1 − βᵗ) (y − m̂)``. In continuous time with `time_constant` τ it is the low-pass filter
    ``dm/dt = (y − m)/τ``, the limit β = e^{−Δt/τ} after the start.

    Parameters
    ----------
    decay : float, optional
        β per step, in (0, 1).
    time_constant : float, optional
        τ > 0 [s]. Give one of the two.

    Raises
    ------
    InputError
        If both or none is given, or a value is out of range.

    Examples
    --------
    >>> FadingMemory(time_constant=0.5).time_constant
    0.5

    References
    ----------
    vastola_2025, section on Adam.
    """

    decay: float | None = None
    time_constant: float | None = None

    def __post_init__(self) -> None:
        """Check that exactly one of the two is given and in range."""
        if (self.decay is None) == (self.time_constant is None):
            raise InputError(
                f"FadingMemory needs either decay (per step) or time_constant (s), got {self.decay} and "
                f"{self.time_constant}"
            )
        if self.decay is not None and not 0 < require_number("decay", self.decay) < 1:
            raise InputError(f"decay must lie strictly between 0 and 1, got {self.decay}")
        if self.time_constant is not None:
            require_number("time_constant", self.time_constant, low=0, exclusive=True, unit="s")
