"""Lesson 2: Geometry of parameter space.

Afterwards you can choose a metric, derive natural gradient, and say what it is invariant to.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 1 and matrices.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 2: Geometry of parameter space")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    from course import check, symbol_table
    from plasticity import Objective, Quadratic, derive, fisher_information, fisher_matrix, solve

    GAMMA = sp.Symbol("gamma", positive=True)
    HESSIAN = np.array([[4.0, 1.0], [1.0, 1.0]])
    VALLEY = Quadratic(HESSIAN, [0.0, 0.0])
    START = np.array([1.0, 2.0])
    TIMES = np.concatenate([[0.0], np.geomspace(0.01, 60.0, 150)])


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 2 Geometry of parameter space

    Is a change of a large synapse by 1 % as costly as one of a small synapse by 1 %? Is it the change of the *weights*
    that costs, or the change of what the *neuron does*? That is a question about geometry. In

    $$ J = \int_0^\infty e^{-\gamma t} \left[ \frac{\dot\theta^\top G\,\dot\theta}{2\eta} + k\,L(\theta) \right] dt $$

    the **metric** $G$ says how long a step is. In lesson 1 it was the identity.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    names = "metric gradient curvature discount plasticity loss_weight learning_rate"
    mo.md(symbol_table(*names.split()))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 2.1 One weight

    Repeat the calculation of lesson 1 for one weight with a metric $G$: now $u = -\eta V'/G$.
    """)
    return


@app.function
def natural_flow():
    """Return dw/dt for a short horizon, gamma → ∞ at fixed alpha = eta*k/gamma, in alpha, g and G, as text."""
    # solution
    return "-alpha*g/G"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(natural_flow, check_natural_flow)
    return


@app.function
def natural_long_horizon():
    """Return dw/dt for a long horizon, gamma → 0, in g, v, eta, k and G, as text."""
    # solution
    return "-sqrt(eta*k/(G*v))*g"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(natural_long_horizon, check_natural_long_horizon)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 2.2 Steepest is relative

    With several weights and a short horizon, $\dot\theta = -\alpha\, G^{-1} \nabla L$: **natural gradient descent**.
    Which direction is the steepest depends on $G$. Take $L = \tfrac12 \theta^\top H \theta$ with
    $H = \begin{pmatrix} 4 & 1 \\ 1 & 1 \end{pmatrix}$ (`HESSIAN`).
    """)
    return


@app.function
def straight_metric():
    """Return a metric, a 2×2 array, in which the path from every start runs straight to the optimum."""
    # solution
    return HESSIAN
    # end


@app.cell(hide_code=True)
def _():
    check.judge(straight_metric, check_straight_metric)
    return


@app.function
def diagonal_speed():
    """A synapse may know its own curvature only: G = diag(4, 1). How many times faster is the faster mode of the path?

    Return the ratio of the two rates, to three digits.
    """
    # solution
    modes = np.linalg.eigvals(np.linalg.solve(np.diag(np.diag(HESSIAN)), HESSIAN))
    return modes.max() / modes.min()
    # end


@app.cell(hide_code=True)
def _():
    check.judge(diagonal_speed, check_diagonal_speed)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 2.3 The metric of what a neuron does

    Let the cost be the change of the neuron's *behaviour*. A step $\mathrm{d}\theta$ changes the distribution of its
    responses by the Kullback–Leibler divergence $\tfrac12\, \mathrm{d}\theta^\top F\, \mathrm{d}\theta$ with the
    **Fisher information**
    $F = \langle s\, s^\top \rangle$ of the score $s = \partial_\theta \log p$.

    A neuron fires $n$ spikes in a time $T$, Poisson with the rate $r = e^{w x}$, where $x$ is its input:
    $\log p = n \log(rT) - rT - \log n!$. (The variance of $n$ is its mean.)
    """)
    return


@app.function
def fisher_poisson():
    """Return the Fisher information of w, in x, T and w, as text."""
    # solution
    return "x**2*T*exp(w*x)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(fisher_poisson, check_fisher_poisson)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 2.4 Another coordinate

    A colleague measures weights in other units, or mixes them: $\theta' = S\theta$. The responses of the neuron are the
    same. Does the colleague see the same learning?
    """)
    return


@app.function
def metric_elsewhere(metric, transform):
    """Return the metric G' of θ' = S θ that gives every step the length that it has in G.

    Both arguments are arrays: metric is G, transform is S.
    """
    # solution
    back = np.linalg.inv(transform)
    return back.T @ metric @ back
    # end


@app.cell(hide_code=True)
def _():
    check.judge(metric_elsewhere, check_metric_elsewhere)
    return


@app.function
def predict_invariance():
    """Predict: which path looks the same, drawn in θ, when the learning took place in θ' = S θ?

    Return "plain" (gradient descent with the identity in either coordinate), "natural" (G and G'), "both" or "neither".
    """
    # solution
    return "natural"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_invariance, check_predict_invariance)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    stretch = mo.ui.slider(0.2, 5.0, 0.1, value=3.0, label="S stretches θ₁ by", show_value=True)
    mo.vstack([predicted, stretch])
    return (stretch,)


@app.cell(hide_code=True)
def _(stretch):
    def figure_of_coordinates(factor):
        """Descents in θ and in θ' = S θ, all drawn in θ."""
        transform = np.diag([factor, 1.0])
        axis = np.linspace(-1.2, 2.2, 60)
        loss = VALLEY.loss(np.stack(np.meshgrid(axis, axis), axis=-1))
        figure = go.Figure(
            go.Contour(x=axis, y=axis, z=loss, ncontours=12, showscale=False, colorscale="Greys_r", opacity=0.5)
        )
        curves = (
            ("plain, in θ", np.eye(2), np.eye(2), "#D55E00", "solid"),
            ("plain, in θ'", np.eye(2), transform, "#D55E00", "dot"),
            ("natural (G = H), in θ", HESSIAN, np.eye(2), "#0072B2", "solid"),
            ("natural, in θ'", HESSIAN, transform, "#000000", "dot"),
        )
        for name, metric, change, colour, dash in curves:
            is_natural = "natural" in name
            x, y = descent(metric if not is_natural else moved(metric, change), change).T
            line = {"color": colour, "dash": dash, "width": 3}
            figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line)
        figure.update_layout(
            height=430, margin={"l": 40, "r": 10, "t": 30, "b": 40}, legend={"orientation": "h", "y": -0.2}
        )
        figure.update_layout(xaxis_title="θ₁", yaxis_title="θ₂", title="The same descent in two coordinates")
        return figure

    mo.ui.plotly(figure_of_coordinates(stretch.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 2.5 Discussion

    1. Is the metric a property of the learner or of the world? Which experiment would measure it?
    2. In $G = \mathrm{diag}(1/\theta^2)$ a step is long relative to the weight. What rule follows, and which data on
       synapses would suggest it?
    3. Natural gradient needs $F^{-1}$, which couples all weights. What does a diagonal metric lose (exercise 2.2)?

    *Sources: Amari (1998); Vastola, Gershman & Rajan (2025), the section on geometry.*
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
def descent(metric, transform):
    """Path of a short-sighted learner with a metric in θ' = S θ, drawn in θ."""
    inverse = np.linalg.inv(transform)
    landscape = Quadratic(inverse.T @ HESSIAN @ inverse, [0.0, 0.0])
    policy = solve(Objective(sp.oo, metric=metric), landscape)
    return policy.path(transform @ START, TIMES) @ inverse.T


@app.function(hide_code=True)
def moved(metric, transform):
    """Fisher metric in θ' = S θ: scores are gradients, and transform as such."""
    scores = np.sqrt(len(metric)) * np.linalg.cholesky(metric).T
    return fisher_matrix(scores @ np.linalg.inv(transform))


@app.function(hide_code=True)
def check_natural_flow(answer):
    """The engine's rule with a metric."""
    return check.formula(answer, derive(Objective(sp.oo, metric=1.0)))


@app.function(hide_code=True)
def check_natural_long_horizon(answer):
    """The engine's rule with a metric."""
    return check.formula(answer, derive(Objective(0, metric=1.0)))


@app.function(hide_code=True)
def check_straight_metric(answer):
    """Every path of the engine in this metric is straight if all modes have one rate."""
    if np.shape(answer) != (2, 2):
        return check.Verdict(False, "A 2×2 array is asked for.")
    rates = solve(Objective(sp.oo, metric=answer), VALLEY).rates
    if np.ptp(rates) <= 1e-6 * rates.max():
        return check.Verdict(True, f"All modes have the rate {rates[0]:.3g}.")
    return check.Verdict(
        False, f"The modes have rates {rates[0]:.3g} and {rates[1]:.3g}: the faster one bends the path."
    )


@app.function(hide_code=True)
def check_diagonal_speed(answer):
    """Ratio of the rates of the policy."""

    def ratio(metric):
        rates = solve(Objective(sp.oo, metric=metric), VALLEY).rates
        return float(rates[1] / rates[0])

    hints = {"That is the ratio without a metric.": ratio(np.eye(2)), "With G = H it would be so.": 1.0}
    return check.number(answer, ratio(np.diag(HESSIAN)), others=hints)


@app.function(hide_code=True)
def check_fisher_poisson(answer):
    """Mean of the squared score; moments of a Poisson variable from its generating function."""
    n, w, x, duration, t = sp.symbols("n w x duration t", positive=True)
    mean = sp.exp(w * x) * duration
    generating = sp.exp(mean * (sp.exp(t) - 1))

    def poisson_mean(expression):
        terms = sp.Poly(sp.expand(expression), n).terms()
        return sum(c * sp.diff(generating, t, power).subs(t, 0) for (power,), c in terms)

    information = fisher_information(n * sp.log(mean) - mean, [w], poisson_mean)[0, 0]
    hints = {
        "That is the mean count; the score also has a factor x.": "duration*exp(w*x)",
        "That is the information about log r: the chain rule gives x².": "x*duration*exp(w*x)",
    }
    return check.formula(answer, information, hints, {"x": "x", "T": "duration"})


@app.function(hide_code=True)
def check_metric_elsewhere(answer):
    """Against the Fisher matrix of transformed scores, on random metrics and transformations."""

    def problem(random):
        root, transform = random.normal(size=(2, 2, 2))
        return root @ root.T + np.eye(2), transform + 2 * np.eye(2)

    hints = {
        "That is how H⁻¹, not H, transforms: the length would change.": lambda g, s: s @ g @ s.T,
        "A metric does not stay as it is.": lambda g, s: g,
        "One factor S⁻¹ must be transposed.": lambda g, s: np.linalg.inv(s) @ g @ np.linalg.inv(s),
    }
    return check.code(answer, moved, problem, error=1e-8, others=hints)


@app.function(hide_code=True)
def check_predict_invariance(answer):
    """Whether paths agree that were taken in two coordinates."""
    transform = np.diag([3.0, 1.0])
    plain = np.allclose(descent(np.eye(2), np.eye(2)), descent(np.eye(2), transform), atol=1e-6)
    natural = np.allclose(descent(HESSIAN, np.eye(2)), descent(moved(HESSIAN, transform), transform), atol=1e-6)
    options = {
        "plain": plain and not natural,
        "natural": natural and not plain,
        "both": plain and natural,
        "neither": not (plain or natural),
    }
    return check.prediction(answer, options, "The metric moves with the coordinates; the identity does not.")


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    return {
        "natural_flow": [("-alpha*g", "Gradient descent"), ("-alpha*G*g", "right value"), ("-alpha*g/v", "curvature")],
        "natural_long_horizon": [
            ("-sqrt(eta*k/v)*g/G", "right value"),
            ("-sqrt(eta*k/v)*g", "Ballistic"),
            ("-alpha*g/G", "Natural gradient"),
        ],
        "straight_metric": [(np.eye(2), "bends"), (np.linalg.inv(HESSIAN), "bends"), ([4.0, 1.0], "2×2")],
        "diagonal_speed": [(6.17, "without a metric"), (1.0, "G = H"), (4.0, "too large")],
        "fisher_poisson": [
            ("T*exp(w*x)", "mean count"),
            ("x*T*exp(w*x)", "chain rule"),
            ("x**2*T", "also depends on w"),
        ],
        "metric_elsewhere": [
            (lambda g, s: s @ g @ s.T, "H⁻¹"),
            (lambda g, s: g, "stay"),
            (lambda g, s: np.linalg.inv(s) @ g @ np.linalg.inv(s), "transposed"),
        ],
        "predict_invariance": [("both", "natural"), ("plain", "natural")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
