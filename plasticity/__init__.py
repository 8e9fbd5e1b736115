"""Derive learning rules from an objective and execute them without a network."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.compile import compile_rule as compile_rule
    from plasticity.controllability import Controllability as Controllability
    from plasticity.critical_discount import critical_discount as critical_discount
    from plasticity.derive import derive as derive
    from plasticity.explain import explain as explain
    from plasticity.feedback import FeedbackChannel as FeedbackChannel
    from plasticity.objective import Objective as Objective
    from plasticity.observe import observe as observe
    from plasticity.optimality import optimality as optimality
    from plasticity.plan import plan as plan
    from plasticity.replay import replay as replay
    from plasticity.rule import Rule as Rule
    from plasticity.simulate import simulate as simulate
    from plasticity.solve import solve as solve

__all__ = export(__name__)
