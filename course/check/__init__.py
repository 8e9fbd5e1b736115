"""Checks of answers, for lessons of your own too: the right answer is a call of the engine, never a literal.

Every check returns a `Verdict`: right, wrong with a hint, or not begun; what a student writes never raises an error.

>>> from plasticity import Objective, derive
>>> from course import check
>>> ballistic = derive(Objective(discount=0))
>>> check.formula("-sqrt(k*eta/v)*g", ballistic).correct
True
>>> print(check.formula("-alpha*g", ballistic))
wrong: That is the rule “Gradient descent”. It assumes what is not assumed here: The horizon is short (γ → ∞ at fixed \
ηk/γ, in a metric fixed beforehand).
"""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from course.check.code import code as code
    from course.check.curve import curve as curve
    from course.check.formula import formula as formula
    from course.check.number import number as number
    from course.check.personal import personal as personal
    from course.check.prediction import prediction as prediction
    from course.check.verdict import Verdict as Verdict
    from course.check.verdict import hints as hints
    from course.check.verdict import judge as judge

__all__ = export(__name__)
