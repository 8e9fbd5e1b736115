"""Lesson 8: The BCM objective is a triplet rule.

Afterwards you can derive the triplet rule from an objective, fit it, compare it with a pair rule, and see what is open.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 7.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 8: The BCM objective is a triplet rule")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    from analysis import datasets, fit
    from course import check, symbol_table
    from plasticity import Objective, derive, pairing, replay, rules, signals
    from plasticity.compile.mean_field import on_rates

    A3_PLUS, A2_MINUS = 6.5e-3, 7.1e-3  # Pfister & Gerstner 2006, minimal all-to-all model, visual cortex
    TAU_PLUS, TAU_MINUS, TAU_Y = 16.8e-3, 33.7e-3, 114e-3  # s, the same


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 8 The BCM objective is a triplet rule

    In visual cortex pairs of spikes potentiate at high frequency, whatever their order (Sjöström, Turrigiano & Nelson
    2001). No pair rule does that; a rule with *triplets* of spikes does (Pfister & Gerstner 2006). Why would a synapse
    count triplets?

    Bienenstock, Cooper & Munro (1982) had another idea, which Intrator & Cooper (1992) wrote as an objective. A neuron
    with the rate $y = w\,x$ looks for skewed inputs: it minimises

    $$ L = \frac{\vartheta\, y^2}{2} - \frac{y^3}{3} . $$

    You will see that a short-sighted learner of $L$ that sees spikes in place of rates *is* the triplet rule.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(symbol_table("w", "gradient", "learning_rate", "threshold", "trace", "pre_rate", "post_rate"))
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 8.1 The gradient
    """)
    return


@app.function
def bcm_gradient():
    """Return dL/dw in x, y and theta, as text."""
    # solution
    return "theta*x*y - x*y**2"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(bcm_gradient, check_bcm_gradient)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 8.2 Seen through spikes

    A trace with the time constant $\tau$ estimates a rate: $r/\tau$ is right on average. Descend,
    $\dot w = -\alpha\, g$, and read

    - $x\,y^2$ at post spikes (each stands for one factor $y$), from the pre trace ($\tau_+$) times a slow post trace
      ($\tau_y$);
    - $\vartheta\, x\, y$ at pre spikes (each stands for $x$), from the post trace ($\tau_-$).

    Pfister & Gerstner's rule adds $A_3^+\, r_\mathrm{pre}\, r_\mathrm{slow}$ at post spikes and
    $-A_2^-\, r_\mathrm{post}$ at pre spikes.
    """)
    return


@app.function
def triplet_amplitude():
    """Return A3_plus in alpha, tau_plus and tau_y, as text."""
    # solution
    return "alpha/(tau_plus*tau_y)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(triplet_amplitude, check_triplet_amplitude)
    return


@app.function
def pair_amplitude():
    """Return A2_minus in alpha, theta and tau_minus, as text."""
    # solution
    return "alpha*theta/tau_minus"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(pair_amplitude, check_pair_amplitude)
    return


@app.function
def threshold_of_cortex():
    """Which threshold ϑ [Hz] do Pfister & Gerstner's amplitudes A3_PLUS and A2_MINUS state? Three digits."""
    # solution
    learning_rate = A3_PLUS * TAU_PLUS * TAU_Y
    return A2_MINUS * TAU_MINUS / learning_rate
    # end


@app.cell(hide_code=True)
def _():
    check.judge(threshold_of_cortex, check_threshold_of_cortex)
    return


@app.function
def poisson_drift():
    """Return the mean dw/dt for independent Poisson spikes in alpha, theta, x and y, as text."""
    # solution
    return "alpha*x*y*(y - theta)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(poisson_drift, check_poisson_drift)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 8.3 Frequency
    """)
    return


@app.function
def predict_order():
    """Predict: 60 pairs at 50 Hz, the post spike 10 ms *before* the pre spike. Which rule potentiates by > 30 %?

    Return "pair STDP", "the derived rule", "both" or "neither".
    """
    # solution
    return "the derived rule"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_order, check_predict_order)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    theta = mo.ui.slider(5.0, 40.0, 0.5, value=19.0, label="ϑ (Hz)", show_value=True)
    mo.vstack([predicted, theta])
    return (theta,)


@app.cell(hide_code=True)
def _(theta):
    def frequency_figure(threshold):
        """Change against pairing frequency: measured, and by the derived rule."""
        data = datasets.load("sjostrom_2001")
        rule = rules.derived_bcm(threshold=threshold)
        frequencies = np.array([0.1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50.0])
        figure = go.Figure()
        for interval, colour, name in ((0.01, "#0072B2", "pre first"), (-0.01, "#D55E00", "post first")):
            side = np.isclose(data.interval, interval)
            bars = {"array": 100 * data.sem.values[side]}
            dots = {"color": colour, "size": 9}
            x, y = data.frequency.values[side], 100 * data.value.values[side]
            figure.add_scatter(x=x, y=y, error_y=bars, mode="markers", marker=dots, name=f"{name}, measured")
            changes = [100 * change_by_pairs(rule, interval, frequency) for frequency in frequencies]
            figure.add_scatter(
                x=frequencies, y=changes, line={"color": colour, "width": 3}, name=f"{name}, derived rule"
            )
        figure.update_layout(
            height=400, margin={"l": 50, "r": 10, "t": 40, "b": 40}, legend={"orientation": "h", "y": -0.25}
        )
        figure.update_layout(xaxis_title="pairs per second (Hz)", yaxis_title="change by 60 pairs (%)")
        figure.update_layout(title=f"Sjöström et al. 2001 and the derived rule, ϑ = {threshold:g} Hz")
        return figure

    mo.ui.plotly(frequency_figure(theta.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 8.4 Fit and compare

    `fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"])` finds the parameters that fit best. Of the
    result, `.rule.values` are the parameters, `.standard_errors` their errors and `.aic` is Akaike's criterion:
    2·(number of parameters) − 2·log likelihood.
    """)
    return


@app.function
def fitted_threshold():
    """Return the threshold ϑ [Hz] that fits best, with `learning_rate` and `threshold` free."""
    # solution
    return fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"]).rule.values["threshold"]
    # end


@app.cell(hide_code=True)
def _():
    check.judge(fitted_threshold, check_fitted_threshold)
    return


@app.function
def worse_by():
    """By how much is the AIC of pair STDP (A_plus, A_minus free) larger than that of the rule above? Two digits."""
    # solution
    by_pairs = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus"])
    return by_pairs.aic - fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"]).aic
    # end


@app.cell(hide_code=True)
def _():
    check.judge(worse_by, check_worse_by)
    return


@app.function
def predict_flat():
    """Predict: free tau_y, too. Its standard error is … than the fitted value itself (0.2 s or so).

    Return "much smaller", "of the same size" or "much larger". (Much: five times.)
    """
    # solution
    return "of the same size"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(predict_flat, check_predict_flat)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 8.5 Discussion

    1. The rule was derived, not made for these data. Is its fit therefore better evidence than that of one made for
       them?
    2. $\tau_y$ is not determined by these data. Which protocol would? (`analysis.discriminate` may help.)
    3. With a *sliding* threshold $\vartheta = \langle y^2 \rangle / y_0$ the learner has a belief about its own
       activity. How would you see it?

    *Sources: Bienenstock, Cooper & Munro (1982); Intrator & Cooper (1992); Pfister & Gerstner (2006); Sjöström,
    Turrigiano & Nelson (2001).*
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
def change_by_pairs(rule, interval, frequency):
    """Change of the weight by 60 pairs."""
    pre, post = pairing(interval, frequency, 60)
    return float(replay(rule, pre_spikes=pre, post_spikes=post).weight[-1]) - 1.0


@app.function(hide_code=True)
def derived_rule():
    """Short-sighted learner of the BCM objective that sees spikes."""
    return derive(Objective(sp.oo)).with_signal(signals.bcm(threshold=10.0))


@app.function(hide_code=True)
def amplitude(event, traces):
    """Factor of a product of traces in what a spike adds to the weight."""
    change = next(update.expression for update in derived_rule().events[event] if update.target == "w")
    for symbol in [s for s in change.free_symbols if s.name in traces]:
        change = sp.diff(change, symbol)
    return change


@app.function(hide_code=True)
def check_bcm_gradient(answer):
    """The gradient that the engine takes of the objective."""
    gradient = next(step.equation.rhs for step in signals.bcm(threshold=10.0).steps if step.title == "Its gradient")
    hints = {"That is dL/dy; y depends on w by a factor x.": "theta*y - y**2"}
    return check.formula(answer, gradient, hints, {"theta": "threshold", "x": "x", "y": "y"})


@app.function(hide_code=True)
def check_triplet_amplitude(answer):
    """Factor of both traces at post spikes."""
    hints = {
        "Each trace must be divided by its time constant to be a rate.": "learning_rate",
        "There are two traces.": "learning_rate/tau_plus",
    }
    return check.formula(answer, amplitude("post", ("pre_trace", "slow_post_trace")), hints)


@app.function(hide_code=True)
def check_pair_amplitude(answer):
    """Factor of the trace at pre spikes."""
    hints = {"The trace must be divided by its time constant to be a rate.": "learning_rate*threshold"}
    return check.formula(answer, -amplitude("pre", ("post_trace",)), hints, {"theta": "threshold"})


@app.function(hide_code=True)
def check_threshold_of_cortex(answer):
    """Threshold at which the derived amplitudes are those of the fit."""
    numbers = {"tau_plus": TAU_PLUS, "tau_minus": TAU_MINUS, "tau_y": TAU_Y}
    plus, minus = amplitude("post", ("pre_trace", "slow_post_trace")), -amplitude("pre", ("post_trace",))
    symbols = {s.name: s for s in (plus * minus).free_symbols}
    equations = [
        (side - value).subs({symbols[name]: number for name, number in numbers.items()})
        for side, value in ((plus, A3_PLUS), (minus, A2_MINUS))
    ]
    [solution] = sp.solve(equations, [symbols["learning_rate"], symbols["threshold"]], dict=True)
    hints = {"That is A2_MINUS/A3_PLUS: the time constants are missing.": A2_MINUS / A3_PLUS}
    return check.number(answer, float(solution[symbols["threshold"]]), others=hints)


@app.function(hide_code=True)
def check_poisson_drift(answer):
    """Mean of the derived rule over independent Poisson spikes."""
    names = {"theta": "threshold", "x": "pre_rate", "y": "post_rate"}
    hints = {
        "That climbs; the learner descends.": "learning_rate*pre_rate*post_rate*(threshold - post_rate)",
        "Each spike also stands for a rate: a factor y is missing.": "learning_rate*pre_rate*(post_rate - threshold)",
    }
    return check.formula(answer, on_rates(derived_rule()).weight_flow, hints, names)


@app.function(hide_code=True)
def check_predict_order(answer):
    """Replay of both rules, fitted to the data."""
    pair, derived = (change_by_pairs(rule, -0.01, 50.0) for rule in (rules.pair_stdp(), rules.derived_bcm()))
    options = {
        "pair STDP": pair > 0.3 >= derived,
        "the derived rule": derived > 0.3 >= pair,
        "both": min(pair, derived) > 0.3,
        "neither": max(pair, derived) <= 0.3,
    }
    words = f"Changes by {100 * pair:.0f} % and {100 * derived:.0f} %; measured were 75 %."
    return check.prediction(answer, options, words)


@app.function(hide_code=True)
def check_fitted_threshold(answer):
    """The engine's fit; fits may differ by 2 %, far less than the standard error."""
    fitted = fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"])
    right = fitted.rule.values["threshold"]
    alone = fit("derived_bcm", "sjostrom_2001", ["threshold"]).rule.values["threshold"]
    hints = {"That is its standard error.": fitted.standard_errors["threshold"]}
    if abs(alone - right) > 0.04 * right:
        hints["That is the fit with a fixed learning rate."] = alone
    return check.number(answer, right, error=0.02 * right, others=hints)


@app.function(hide_code=True)
def check_worse_by(answer):
    """Difference of two fits."""
    pair = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus"])
    right = pair.aic - fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold"]).aic
    hints = {
        "A smaller AIC is better: pair STDP has the larger one.": -right,
        "That is the AIC of pair STDP.": pair.aic,
    }
    return check.number(answer, right, digits=2, others=hints)


@app.function(hide_code=True)
def check_predict_flat(answer):
    """Standard error of tau_y from the curvature of the likelihood."""
    fitted = fit("derived_bcm", "sjostrom_2001", ["learning_rate", "threshold", "tau_y"])
    value, error = fitted.rule.values["tau_y"], fitted.standard_errors["tau_y"]
    ratio = error / value
    options = {"much smaller": ratio < 0.2, "of the same size": 0.2 <= ratio <= 5, "much larger": ratio > 5}
    words = f"tau_y = {value:.2f} ± {error:.2f} s: these data hardly determine it."
    return check.prediction(answer, options, words)


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    return {
        "bcm_gradient": [
            ("x*y**2 - theta*x*y", "sign"),
            ("theta*y - y**2", "factor x"),
            ("theta*x*y - y**3", "right value"),
        ],
        "triplet_amplitude": [
            ("alpha", "divided"),
            ("alpha/tau_plus", "two traces"),
            ("alpha*tau_plus*tau_y", "right value"),
        ],
        "pair_amplitude": [
            ("alpha*theta", "divided"),
            ("-alpha*theta/tau_minus", "sign"),
            ("alpha/tau_minus", "threshold"),
        ],
        "threshold_of_cortex": [(1.09, "time constants"), (0.01922, "1000 times"), (19.0, "2 digits")],
        "poisson_drift": [
            ("alpha*x*y*(theta - y)", "descends"),
            ("alpha*x*(y - theta)", "factor y"),
            ("alpha*x*y", "also depends on threshold"),
        ],
        "predict_order": [("both", "measured"), ("pair STDP", "measured")],
        "fitted_threshold": [(2.06, "standard error"), (10.0, "small")],
        "worse_by": [(2.0, "small"), (-50.0, "small")],
        "predict_flat": [("much smaller", "hardly"), ("much larger", "hardly")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
