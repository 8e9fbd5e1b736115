"""Lesson 1: From an objective to a learning rule.

Afterwards you can derive gradient descent, the ballistic rule and momentum from one objective.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs calculus.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 1: From an objective to a learning rule")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp
    from scipy.optimize import brentq

    from course import check, symbol_table
    from plasticity import CURVATURE, GRADIENT, Objective, Quadratic, derive, solve

    GAMMA = sp.Symbol("gamma", positive=True)
    VALLEY = Quadratic([1.0, 4.0], [0.0, 0.0])
    START = [2.0, 1.5]


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 1 From an objective to a learning rule

    A learner changes its weights $\theta$. Change is costly, and so is a large loss $L$ on the way. Suppose that it
    minimises the **action**

    $$ J = \int_0^\infty e^{-\gamma t} \left[ \frac{|\dot\theta|^2}{2\eta} + k\,L(\theta) \right] dt . $$

    How should it move? The answer is a *learning rule*. You will derive it, and see that gradient descent, a rule that
    nobody calls gradient descent, and momentum are three answers to the same question.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        symbol_table(
            "w", "loss", "gradient", "curvature", "discount", "plasticity", "loss_weight", "learning_rate", "rate"
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 1.1 One weight

    Let one weight be $\delta$ away from the optimum of $L = \tfrac12 v\,\delta^2$, so that its gradient is
    $g = v\,\delta$. The least action that can still be reached from $\delta$ is the value $V(\delta)$. With the
    velocity $u = \dot w$ it satisfies the Hamilton–Jacobi–Bellman equation

    $$ \gamma V = \min_u \left[ \frac{u^2}{2\eta} + \frac{k v \delta^2}{2} + V'(\delta)\, u \right]
       \quad\Rightarrow\quad u = -\eta V'(\delta) . $$

    Try $V = \tfrac12 p\,\delta^2$. Then $u = -\eta p\,\delta$, and the weight relaxes at the rate $R = \eta p$, where

    $$ \gamma p = k v - \eta p^2 . $$

    Complete the functions below, in place of `raise NotImplementedError`; the line under each judges it when you run
    it. Write formulas as text, in the letters of the table: `"-eta*k*g"`, with `sqrt(…)` for roots and `**` for powers.
    """)
    return


@app.function
def finite_horizon():
    """Return dw/dt in g, v, eta, k and gamma, as text. (Which root of the equation for p makes V a cost?)"""
    # solution
    return "-eta*k*g/(gamma/2 + sqrt(gamma**2/4 + eta*k*v))"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(finite_horizon, check_finite_horizon)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 1.2 Two limits

    A learner that sees a **short** way ahead discounts fast: $\gamma \to \infty$. Its steps would vanish unless change
    became cheaper at the same time, so keep the learning rate $\alpha = \eta k / \gamma$ fixed.
    A learner that sees a **long** way ahead has $\gamma \to 0$.
    """)
    return


@app.function
def short_horizon():
    """Return dw/dt for gamma → ∞ at fixed alpha = eta*k/gamma, in alpha and g."""
    # solution
    return "-alpha*g"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(short_horizon, check_short_horizon)
    return


@app.function
def long_horizon():
    """Return dw/dt for gamma → 0, in g, v, eta and k."""
    # solution
    return "-sqrt(eta*k/v)*g"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(long_horizon, check_long_horizon)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 1.3 A valley

    With two weights and $L = \tfrac12 (\theta_1^2 + 4\,\theta_2^2)$ each direction relaxes at its own rate, so the path
    to the optimum is bent: the steep direction is finished first. Write the rate as a program.
    """)
    return


@app.function
def rate(discount, curvature):
    """Return the rate R at eta = k = 1, a number; both arguments are numbers."""
    # solution
    return np.sqrt(discount**2 / 4 + curvature) - discount / 2
    # end


@app.cell(hide_code=True)
def _():
    check.judge(rate, check_rate)
    return


@app.function
def predict_path():
    """Predict before you see it: when the learner plans further ahead, its path through the valley becomes …

    Return "straighter", "more bent" or "neither".
    """
    # solution
    return "straighter"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_path, check_predict_path)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    horizon = mo.ui.slider(-1.0, 1.0, 0.05, value=0.0, label="log₁₀ γ", show_value=True)
    mo.vstack([predicted, horizon])
    return (horizon,)


@app.cell(hide_code=True)
def _(horizon):
    def valley_figure(discounts):
        """Paths at several discounts over lines of equal loss."""
        axis = np.linspace(-0.6, 2.4, 60)
        loss = VALLEY.loss(np.stack(np.meshgrid(axis, axis), axis=-1))
        figure = go.Figure(
            go.Contour(x=axis, y=axis, z=loss, ncontours=12, showscale=False, colorscale="Greys_r", opacity=0.5)
        )
        times = np.geomspace(1e-3, 200.0, 300)
        colours = ("#0072B2", "#D55E00", "#117733")
        for discount, colour in zip(discounts, colours, strict=False):
            policy = solve(Objective(discount), VALLEY)
            x, y = np.vstack([START, policy.path(START, times)]).T
            slow, fast = policy.rates
            name = f"γ = {discount:.3g}: rates {slow:.3g}, {fast:.3g}, ratio {fast / slow:.2f}"
            figure.add_scatter(x=x, y=y, mode="lines", name=name, line={"color": colour, "width": 3})
        figure.update_layout(
            height=420, margin={"l": 40, "r": 10, "t": 30, "b": 40}, legend={"orientation": "h", "y": -0.2}
        )
        figure.update_layout(xaxis_title="θ₁", yaxis_title="θ₂", title="Optimal paths through a valley")
        return figure

    mo.ui.plotly(valley_figure((0.1, 10.0, 10.0**horizon.value)))
    return


@app.function
def discount_of_ratio_three():
    """At which discount γ (eta = k = 1) is the steep direction three times as fast as the flat one? Three digits."""
    # solution
    return 5 / 6**0.5
    # end


@app.cell(hide_code=True)
def _():
    check.judge(discount_of_ratio_three, check_discount_of_ratio_three)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 1.4 Momentum

    Now let the *acceleration* be costly: replace $|\dot\theta|^2$ by $|\ddot\theta|^2$. The optimal acceleration is
    $-d\,\dot w - \kappa\,\delta$: a damped spring. `derive(Objective(GAMMA), order=2)` derives it; its limit for a long
    horizon is `.limit(discount=0)`, and `.states[0].flow` is the acceleration. A spring has the damping ratio
    $\zeta = d / (2\sqrt{\kappa})$; it overshoots if $\zeta < 1$.
    """)
    return


@app.function
def damping_ratio():
    """Return the damping ratio of a learner with a long horizon, to three digits."""
    # solution
    return 0.5**0.5
    # end


@app.cell(hide_code=True)
def _():
    check.judge(damping_ratio, check_damping_ratio)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 1.5 Discussion

    1. The ballistic rule divides by $\sqrt v$, Newton's method by $v$. Which assumption would a synapse have to drop,
       and what would it have to know, to follow Newton?
    2. A short horizon needs the gradient at one place. What does a long one need? Where in a neuron could it be?
    3. $J$ has $\eta$ and $k$ as separate numbers, the rules only their product. Which experiment could tell them apart?

    *Source: Vastola, Gershman & Rajan (2025), equation 1 and the section on horizons.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Checks

    The right answers are calls of the engine. Look, after you have tried.
    """)
    return


@app.function(hide_code=True)
def check_finite_horizon(answer):
    """The rule for any horizon; the other root of the equation for p is a wrong answer."""
    other_root = "-eta*k*g/(gamma/2 - sqrt(gamma**2/4 + eta*k*v))"
    hints = {"That is the other root: V would be negative, but it is a cost.": other_root}
    return check.formula(answer, derive(Objective(GAMMA)), hints)


@app.function(hide_code=True)
def check_short_horizon(answer):
    """The limit that the engine takes."""
    return check.formula(answer, derive(Objective(GAMMA)).limit(discount=sp.oo))


@app.function(hide_code=True)
def check_long_horizon(answer):
    """The limit that the engine takes."""
    return check.formula(answer, derive(Objective(GAMMA)).limit(discount=0))


@app.function(hide_code=True)
def check_rate(answer):
    """The rate of the optimal policy of a quadratic loss."""
    return check.code(
        answer,
        lambda discount, curvature: solve(Objective(discount), Quadratic([curvature], [0.0])).rates[0],
        lambda random: tuple(random.uniform(0.1, 4.0, 2).round(3)),
        others={
            "That is the rate for a short horizon.": lambda discount, curvature: curvature / discount,
            "That is the rate for a long horizon.": lambda discount, curvature: np.sqrt(curvature),
            "That is p's other root: the weight would run away.": lambda discount, curvature: (
                -np.sqrt(discount**2 / 4 + curvature) - discount / 2
            ),
        },
    )


@app.function(hide_code=True)
def check_predict_path(answer):
    """Largest distance of the path from the straight line, at two discounts."""

    def bend(discount):
        path = solve(Objective(discount), VALLEY).path(START, np.linspace(0.0, 10.0, 200))
        return np.abs(path @ np.array([-START[1], START[0]])).max()

    far, near = bend(0.1), bend(10.0)
    options = {"straighter": far < near, "more bent": far > near, "neither": far == near}
    return check.prediction(answer, options, "The ratio of the two rates falls from 4 (steep first) to 2.")


@app.function(hide_code=True)
def check_discount_of_ratio_three(answer):
    """Root of the ratio of the policy's rates, minus 3."""

    def excess(discount):
        slow, fast = solve(Objective(discount), VALLEY).rates
        return fast / slow - 3

    right = brentq(excess, 0.1, 10.0, xtol=1e-10)
    hints = {"That is the horizon 1/γ; the discount is asked for.": 1 / right}
    return check.number(answer, right, error=1e-10, others=hints)


@app.function(hide_code=True)
def check_damping_ratio(answer):
    """From the acceleration that the engine derives, where g = v·δ."""
    flow = derive(Objective(GAMMA), order=2).limit(discount=0).states[0].flow
    velocity = next(s for s in flow.free_symbols if s.name == "velocity")
    damping, stiffness = -sp.diff(flow, velocity), -sp.diff(flow, GRADIENT) * CURVATURE
    ones = dict.fromkeys((damping + stiffness).free_symbols, 1)
    right = float((damping / (2 * sp.sqrt(stiffness))).subs(ones))
    return check.number(
        answer, right, others={"With that the weight would just not overshoot; the optimal one does.": 1.0}
    )


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    return {
        "finite_horizon": [
            ("-eta*k*g/(gamma/2 - sqrt(gamma**2/4 + eta*k*v))", "other root"),
            ("-eta*k*g/gamma", "Gradient descent"),
            ("-eta*k*g/(gamma + sqrt(gamma**2/4 + eta*k*v))", "right value"),
        ],
        "short_horizon": [
            ("alpha*g", "sign"),
            ("-sqrt(eta*k/v)*g", "Ballistic"),
            ("-alpha*g/v", "does not depend on curvature"),
        ],
        "long_horizon": [("-alpha*g", "Gradient descent"), ("-g/v", "Newton"), ("-sqrt(eta*k*v)*g", "unit")],
        "rate": [
            (lambda discount, curvature: curvature / discount, "short horizon"),
            (lambda discount, curvature: curvature**0.5, "long horizon"),
            (lambda discount, curvature: discount / 2 + (discount**2 / 4 + curvature) ** 0.5, "is right"),
        ],
        "predict_path": [("more bent", "straighter"), ("curved", "Choose")],
        "discount_of_ratio_three": [(0.49, "horizon"), (2.0, "2 digits"), (4.08, "twice")],
        "damping_ratio": [(1.0, "overshoot"), (1.414, "twice")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
