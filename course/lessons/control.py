"""Lesson 3: Limited control of the weights.

Afterwards you can predict where decaying and turning weights come to rest, what cannot be learned, and find a curl.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 1 and matrices.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 3: Limited control of the weights")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.figure_factory as ff
    import sympy as sp

    from course import check, symbol_table
    from plasticity import Objective, Quadratic, derive, solve

    BOWL = Quadratic([1.0, 1.0], [1.0, 0.0])
    N_DIRECTIONS = 6
    DIRECTIONS = np.cos(np.pi * (np.arange(N_DIRECTIONS)[:, None] + 0.5) * np.arange(N_DIRECTIONS) / N_DIRECTIONS)
    TARGET = Quadratic(np.ones(N_DIRECTIONS), [2.0, 1.0, 0.0, 0.0, -1.0, -1.0])


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 3 Limited control of the weights

    Synapses do not hold still while nobody moves them: spines shrink, proteins turn over, activity drifts. And not
    every direction in the space of weights can be moved. Let the weights obey

    $$ \dot\theta = f(\theta) + B\,u , $$

    where the learner chooses the control $u$ only, and pays for $|u|^2/2\eta$. Such a learner is not lazy when it rests
    beside the optimum: holding the weights there would cost more than it gains.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    names = "w drift control gradient discount plasticity loss_weight learning_rate rate rest_point curl"
    mo.md(symbol_table(*names.split()))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 3.1 Decay

    A weight decays at the rate $j$: $f(w) = a\,w$ with $a = -j$. The loss is $\tfrac12 (w - 1)^2$, and $\eta = k = 1$.
    """)
    return


@app.function
def decaying_flow():
    """Return dw/dt for a short horizon, gamma → ∞ at fixed alpha, in a, w, alpha and g, as text."""
    # solution
    return "a*w - alpha*g"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(decaying_flow, check_decaying_flow)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    For a finite horizon use Pontryagin's conditions. Along the best path the control is $u = -\lambda$ with the costate
    $\dot\lambda = (\gamma + j)\,\lambda - (w - 1)$ and $\dot w = -j w + u$. At rest both stand still.
    """)
    return


@app.function
def rest_of_decay(discount, decay):
    """Return the weight at which the learner rests (loss (w − 1)²/2, eta = k = 1); both arguments are numbers."""
    # solution
    return 1 / (1 + decay * (decay + discount))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(rest_of_decay, check_rest_of_decay)
    return


@app.function
def rate_of_decay():
    """At which rate does the weight approach its rest point, for gamma → 0 and j = 1? Three digits."""
    # solution
    return 2**0.5
    # end


@app.cell(hide_code=True)
def _():
    check.judge(rate_of_decay, check_rate_of_decay)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 3.2 Rotation

    Two weights turn into each other: $f(\theta) = q\,(-\theta_2, \theta_1)$. The loss is a round bowl around $(1, 0)$.
    """)
    return


@app.function
def predict_turning():
    """Predict: the faster the weights turn, the … the learner approaches its rest point (gamma → 0).

    Return "faster", "slower" or "just as fast".
    """
    # solution
    return "just as fast"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_turning, check_predict_turning)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    turning = mo.ui.slider(0.0, 4.0, 0.1, value=1.0, label="q", show_value=True)
    mo.vstack([predicted, turning])
    return (turning,)


@app.cell(hide_code=True)
def _(turning):
    def field_figure(q):
        """Velocities of the learner, a path, its rest point and the optimum."""
        policy = solve(Objective(0.0, drift=rotation(q)), BOWL)
        axis = np.linspace(-1.0, 2.0, 13)
        points = np.stack(np.meshgrid(axis, axis), axis=-1)
        speed = policy.velocity(points)
        figure = ff.create_quiver(*points.reshape(-1, 2).T, *speed.reshape(-1, 2).T, scale=0.06, line_color="#888888")
        x, y = policy.path([-0.8, 1.6], np.linspace(0.0, 8.0, 300)).T
        figure.add_scatter(x=x, y=y, mode="lines", name="a path", line={"color": "#0072B2", "width": 3})
        rest = policy.rest_point
        figure.add_scatter(x=[rest[0]], y=[rest[1]], mode="markers", name="rest point", marker={"size": 12})
        optimum = {"size": 14, "symbol": "x", "color": "#D55E00"}
        figure.add_scatter(x=[1.0], y=[0.0], mode="markers", name="optimum", marker=optimum)
        figure.update_layout(
            height=430, margin={"l": 40, "r": 10, "t": 30, "b": 40}, legend={"orientation": "h", "y": -0.2}
        )
        figure.update_layout(
            xaxis_title="θ₁", yaxis_title="θ₂", title=f"Rates {policy.rates.round(3)}, rest point {rest.round(3)}"
        )
        return figure

    mo.ui.plotly(field_figure(turning.value))
    return


@app.function
def rest_of_turning():
    """How far from the optimum (1, 0) does the learner rest, for q = 2 and gamma → 0? Three digits."""
    # solution
    return 0.8
    # end


@app.cell(hide_code=True)
def _():
    check.judge(rest_of_turning, check_rest_of_turning)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 3.3 Is it a gradient?

    The velocity $\dot\theta$ of a gradient rule has a symmetric Jacobian
    $J_{ij} = \partial \dot\theta_i / \partial \theta_j$. If it has
    an antisymmetric part, the field has a **curl**, and no loss exists of which it is the gradient.
    """)
    return


@app.function
def curl_of_turning():
    """Return (J₁₂ − J₂₁)/2 of the turning learner's velocity, for q = 2 and gamma → 0."""
    # solution
    return -2.0
    # end


@app.cell(hide_code=True)
def _():
    check.judge(curl_of_turning, check_curl_of_turning)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 3.4 Directions out of reach

    Monkeys learned new maps from neurons to a cursor within days or not at all, depending on whether the map asked for
    patterns of activity that the network already made (Sadtler et al. 2014; `analysis.datasets.load("sadtler_2014")`).
    Let the weights start at 0 and move along the columns of $B$ only.
    """)
    return


@app.function
def reachable(direction, curvatures, optimum):
    """Return where a learner ends that moves along one direction from 0: an array of two weights.

    All arguments are arrays of size 2; the loss is ½ Σᵢ curvaturesᵢ (θᵢ − optimumᵢ)².
    """
    # solution
    return direction * (direction @ (curvatures * optimum)) / (direction @ (curvatures * direction))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(reachable, check_reachable)
    return


@app.function
def smallest_rank():
    """With how many columns of DIRECTIONS, taken from the left, does the loss TARGET fall below 10 % of that at 0?"""
    # solution
    optimum = TARGET.optimum
    left = [np.sum((optimum - d @ np.linalg.lstsq(d, optimum)[0]) ** 2) for d in map(columns, range(1, 7))]
    return 1 + int(np.argmax(np.array(left) < 0.1 * np.sum(optimum**2)))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(smallest_rank, check_smallest_rank)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 3.5 Discussion

    1. You record weights that settle at 0.2 of what would be best. Which two explanations do you know now, and which
       measurement would tell them apart?
    2. A rule with a curl cannot be gradient descent in any loss. Does that make it a bad rule?
    3. In which sense is the map that a monkey cannot learn "out of reach", and in which sense only "far"?

    *Sources: Vastola, Gershman & Rajan (2025), figure 3; Sadtler et al. (2014).*
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
def rotation(q):
    """Drift of two weights that turn into each other."""
    return np.array([[0.0, -q], [q, 0.0]])


@app.function(hide_code=True)
def columns(n):
    """The first n directions."""
    return DIRECTIONS[:, :n]


@app.function(hide_code=True)
def check_decaying_flow(answer):
    """The engine's rule with a drift."""
    return check.formula(answer, derive(Objective(sp.oo, drift=-1.0)))


@app.function(hide_code=True)
def check_rest_of_decay(answer):
    """Rest point of the policy; a weight that follows the gradient and decays rests elsewhere."""
    return check.code(
        answer,
        lambda discount, decay: solve(Objective(discount, drift=-decay), Quadratic([1.0], [1.0])).rest_point[0],
        lambda random: tuple(random.uniform(0.2, 3.0, 2).round(2)),
        others={
            "That is gradient descent with decay: it does not plan.": lambda discount, decay: (
                1 / (1 + discount * decay)
            ),
            "That holds for a long horizon.": lambda discount, decay: 1 / (1 + decay**2),
            "That is the optimum of the loss: to stay there costs too much.": lambda discount, decay: 1.0,
        },
    )


@app.function(hide_code=True)
def check_rate_of_decay(answer):
    """Rate of the policy."""
    right = float(solve(Objective(0.0, drift=-1.0), Quadratic([1.0], [1.0])).rates[0])
    return check.number(answer, right, others={"That is the rate without decay.": 1.0, "Rates do not add.": 2.0})


@app.function(hide_code=True)
def check_predict_turning(answer):
    """Slowest rate at two speeds of turning."""
    slow, fast = (solve(Objective(0.0, drift=rotation(q)), BOWL).rates.min() for q in (0.5, 3.0))
    same = np.isclose(slow, fast, rtol=1e-6)
    options = {"faster": fast > slow and not same, "slower": fast < slow and not same, "just as fast": same}
    return check.prediction(answer, options, "Turning does not change the distance; the learner just turns along.")


@app.function(hide_code=True)
def check_rest_of_turning(answer):
    """Distance of the rest point of the policy from the optimum."""
    rest = solve(Objective(0.0, drift=rotation(2.0)), BOWL).rest_point
    right = float(np.linalg.norm(rest - BOWL.optimum))
    hints = {"That is its distance from 0.": float(np.linalg.norm(rest)), "It does not stay at the optimum.": 0.0}
    return check.number(answer, right, others=hints)


@app.function(hide_code=True)
def check_curl_of_turning(answer):
    """Antisymmetric part of the policy's Jacobian."""
    jacobian = solve(Objective(0.0, drift=rotation(2.0)), BOWL).closed_loop
    right = float(jacobian[0, 1] - jacobian[1, 0]) / 2
    return check.number(answer, right, others={"A bowl alone has no curl; but the drift stays.": 0.0})


@app.function(hide_code=True)
def check_reachable(answer):
    """End of the policy's path from 0."""

    def end(direction, curvatures, optimum):
        policy = solve(Objective(0.5, control=direction[:, None]), Quadratic(curvatures, optimum))
        return policy.path([0.0, 0.0], [0.0, 1e4])[-1]

    def problem(random):
        angle = random.uniform(0.0, np.pi)
        return np.array([np.cos(angle), np.sin(angle)]), random.uniform(0.5, 4.0, 2), random.normal(size=2)

    hints = {
        "That is the nearest point; the loss counts distances by curvature.": lambda d, h, m: d * (d @ m) / (d @ d),
        "That is the optimum: it is not on the line.": lambda d, h, m: m,
    }
    return check.code(answer, end, problem, error=1e-6, others=hints)


@app.function(hide_code=True)
def check_smallest_rank(answer):
    """Loss at the end of the policy's paths."""

    def share(n):
        policy = solve(Objective(0.5, control=columns(n)), TARGET)
        end = policy.path(np.zeros(N_DIRECTIONS), [0.0, 1e4])[-1]
        return float(TARGET.loss(end) / TARGET.loss(np.zeros(N_DIRECTIONS)))

    shares = [share(n) for n in range(1, N_DIRECTIONS + 1)]
    right = 1 + int(np.argmax(np.array(shares) < 0.1))
    return check.number(answer, right, digits=2, others={"All directions suffice, but fewer do, too.": N_DIRECTIONS})


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    return {
        "decaying_flow": [
            ("-alpha*g", "Gradient descent"),
            ("-a*w - alpha*g", "right value"),
            ("a - alpha*g", "also depends on w"),
        ],
        "rest_of_decay": [
            (lambda discount, decay: 1 / (1 + discount * decay), "does not plan"),
            (lambda discount, decay: 1 / (1 + decay**2), "long horizon"),
            (lambda discount, decay: 1.0, "costs too much"),
        ],
        "rate_of_decay": [(1.0, "without decay"), (2.0, "do not add"), (1.4, "2 digits")],
        "predict_turning": [("faster", "just as fast"), ("slower", "just as fast")],
        "rest_of_turning": [(0.2, "from 0"), (0.0, "optimum"), (0.4, "half")],
        "curl_of_turning": [(2.0, "sign"), (0.0, "drift"), (-4.0, "twice")],
        "reachable": [
            (lambda d, h, m: d * (d @ m) / (d @ d), "nearest"),
            (lambda d, h, m: m, "not on the line"),
        ],
        "smallest_rank": [(6, "fewer"), (1, "half"), (3, "large")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
