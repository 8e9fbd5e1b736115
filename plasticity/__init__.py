"""Derive learning rules from an objective and execute them without a network."""

from plasticity.lazy import export

__all__ = export(
    __name__,
    {
        "Controllability": "controllability",
        "FeedbackChannel": "feedback",
        "Objective": "objective",
        "Rule": "rule",
        "compile_rule": "compile",
        "critical_discount": "critical_discount",
        "derive": "derive",
        "explain": "explain",
        "observe": "observe",
        "optimality": "optimality",
        "plan": "plan",
        "replay": "replay",
        "simulate": "simulate",
        "solve": "solve",
    },
)
