"""Figures of runs of circuits hold the numbers of their files; the command draws all for which there are some."""

import numpy as np
import pytest
import xarray as xr

import circuits
from analysis import figures
from analysis.__main__ import main
from circuits import Circuit, Population, Projection, spike_source
from plasticity import InputError, dataset, rules, signals
from plasticity.rules.pair_stdp import pair_stdp

TRAINS = [np.arange(1 + k, 98, 5 + k) * 1e-3 for k in range(90)]


@pytest.fixture(scope="module")
def spiking():
    """90 inputs onto 2 cells by a list of synapses that leaves pairs out."""
    inputs, cells = Population("inputs", TRAINS, spike_source()), Population("cells", TRAINS[3:5])
    ends = {"sources": np.arange(90), "targets": np.arange(90) % 2, "weight": np.linspace(1.0, 2.0, 90)}
    circuit = Circuit("listed", (inputs, cells), (Projection("w", "inputs", "cells", pair_stdp(A_plus=0.1), **ends),))
    names = ("inputs", "cells")
    return circuits.as_dataset(circuits.run(circuit, 0.1, device="numpy", record_every=0.02, record=names, n_tracked=7))


@pytest.fixture(scope="module")
def rates():
    """The same task from three starts."""
    rule = rules.gradient_descent(0.5).with_signal(signals.exact_error())
    make, task = circuits.load("feedforward_rate"), {"patterns": np.eye(3), "targets": np.ones((3, 2)), "hold": 0.05}
    made = [make((3, 4, 2), rule, seed=seed, **task) for seed in range(3)]
    return [circuits.as_dataset(circuits.run(c, 0.6, dt=0.01, record_every=0.15)) for c in made]


def test_raster_shows_spikes_and_rates_of_all(spiking):
    marks, steps = figures.load("raster")(spiking).axes
    segments = np.concatenate([np.array(c.get_segments()) for c in marks.collections])
    shown = [k for k in range(90) if np.isclose(np.round(np.linspace(0, 89, 60)), k).any()]
    assert len(segments) == sum(TRAINS[k].size for k in shown) + TRAINS[3].size + TRAINS[4].size
    np.testing.assert_allclose(np.sort(segments[segments[:, 0, 1] < 0, 0, 0]), np.sort(TRAINS[0]))
    inputs, cells = steps.patches
    for patch, trains in ((inputs, TRAINS), (cells, TRAINS[3:5])):
        values, edges, _ = patch.get_data()
        spikes = values * np.diff(edges) * len(trains)
        np.testing.assert_allclose(spikes.sum(), sum(t.size for t in trains))
    assert "60 of 90" in next(t.get_text() for t in marks.get_yticklabels())


def test_matrices_show_weights_where_there_are_synapses(spiking):
    before, after, change = (ax.images[0].get_array() for ax in figures.load("weight_matrices")(spiking).axes[:3])
    start, end = (spiking[f"{when}_weight_w"].values for when in ("initial", "final"))
    assert before.shape == (2, 90)
    np.testing.assert_array_equal(np.ma.getmaskarray(before), np.arange(90)[None] % 2 != np.arange(2)[:, None])
    np.testing.assert_allclose(before.T.compressed(), start)
    np.testing.assert_allclose(change.T.compressed(), end - start)
    np.testing.assert_allclose(after.T.compressed(), end)
    assert np.ptp(end - start) > 0


def test_large_and_sparse_matrices_are_means_of_blocks_that_lose_nothing():
    from analysis.pages.run_parts import matrices

    random = np.random.default_rng(0)
    post, pre, w = random.integers(0, 3000, 5000), random.integers(0, 2000, 5000), random.random(5000)
    post[0], pre[0] = 2999, 1999
    along = {f"{side}_all_w": ("all_w", ends) for side, ends in (("post", post), ("pre", pre))}
    run = xr.Dataset({f"{when}_weight_w": ("all_w", w) for when in ("initial", "final")}, along)
    (before, _), block, size = matrices(run, "w")
    count = np.zeros_like(before)
    np.add.at(count, (post // block[0], pre // block[1]), 1)
    assert (size, np.nansum(before * count)) == ((3000, 2000), pytest.approx(w.sum()))
    np.testing.assert_array_equal(np.isnan(before), count == 0)


@pytest.fixture(scope="module")
def fields():
    """Two neurons that see all of 64 inputs: a dataset as a run writes it."""
    w = np.arange(256.0).reshape(2, 2, 64)  # (time, neuron, input)
    ends = zip(("post", "pre"), np.indices((2, 64)), strict=True)
    along = {f"{side}_all_w": ("all_w", numbers.ravel()) for side, numbers in ends}
    return xr.Dataset({f"{k}_weight_w": ("all_w", w[i].ravel()) for i, k in enumerate(("initial", "final"))}, along), w


def test_fields_of_a_square_number_of_inputs_are_images(fields):
    run, w = fields
    shown = [ax.images[0].get_array() for ax in figures.load("receptive_fields")(run).axes[:4]]
    np.testing.assert_array_equal(shown, w.reshape(4, 8, 8))


def test_other_fields_are_curves_over_the_inputs(fields, spiking):
    run, w = fields
    fewer = run.isel(all_w=run.pre_all_w < 50)
    for ax, before, after in zip(figures.load("receptive_fields")(fewer).axes, w[0], w[1], strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [before[:50], after[:50]])
    missing = (
        figures.load("receptive_fields")(spiking).axes[0].lines[0].get_ydata()
    )  # every second input has no synapse
    np.testing.assert_array_equal(np.isnan(missing), np.arange(90) % 2 == 1)
    with pytest.raises(InputError, match="no projection from 8 or more inputs"):
        figures.load("receptive_fields")(run.isel(all_w=run.pre_all_w < 7))


def test_histogram_holds_every_synapse_at_every_time(spiking):
    over_time, ends, _ = figures.load("weight_histogram")(spiking).axes
    shares = over_time.collections[0].get_array().reshape(-1, spiking.time.size)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    np.testing.assert_allclose([p.get_data().values for p in ends.patches], shares[:, [0, -1]].T)
    assert over_time.get_title() == "7 of 90 synapses"


def test_traces_are_the_tracked_weights_with_the_mean_of_all(spiking):
    (ax,) = figures.load("weight_traces")(spiking).axes
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines[:7]], spiking.weight_w.values.T)
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), spiking.weight_mean_w)


def test_learning_curve_is_the_mean_over_seeds_with_its_error(rates):
    (ax,) = figures.load("learning_curve")(*rates).axes
    loss = np.concatenate([run.loss.values for run in rates])[:, 1:]
    np.testing.assert_allclose(ax.lines[0].get_ydata()[1:], loss.mean(0))
    band = ax.collections[0].get_paths()[0].vertices
    high = loss.mean(0) + loss.std(0, ddof=1) / np.sqrt(3)
    assert all(np.isclose(band[:, 1], value).any() for value in high)
    assert ax.get_legend_handles_labels()[1] == ["gradient_descent_exact_error, 3 runs"]
    with pytest.raises(InputError, match="were recorded at different times"):
        figures.load("learning_curve")(rates[0], rates[1].isel(time=slice(2)))


def test_the_command_draws_what_a_file_holds(spiking, rates, tmp_path, capsys):
    for name, run in {"s": spiking, "r0": rates[0], "r1": rates[1]}.items():
        dataset.write(run, tmp_path / f"{name}.nc")
    main(["draw", str(tmp_path / "s.nc")])
    main(["draw", str(tmp_path / "r0.nc"), str(tmp_path / "r1.nc"), "-o", str(tmp_path / "new")])
    main(["draw", str(tmp_path / "r0.nc"), "--kind", "weight_traces"])
    drawn = ["s-raster", "s-weight_matrices", "s-receptive_fields", "s-weight_histogram", "s-weight_traces"]
    paths = [tmp_path / f"{name}.png" for name in [*drawn, "new/r0-learning_curve", "r0-weight_traces"]]
    assert capsys.readouterr().out.split() == [str(path) for path in paths]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths)


def test_what_cannot_be_drawn_says_why(spiking, rates):
    bare = spiking[["n_spikes_cells"]].assign_attrs(spiking.attrs)
    with pytest.raises(
        InputError, match="no figure for this run yet. raster: 'record of listed' has no spikes; record"
    ):
        figures.drawable(bare)
    with pytest.raises(InputError, match="draws one run of a circuit, without measurements, got 2 runs"):
        figures.load("raster")(spiking, spiking)
    with pytest.raises(InputError, match="is a sweep"):
        figures.draw(rates[0].assign_attrs(swept="seed"))
    with pytest.raises(InputError, match="there is nothing to draw"):
        figures.drawable()


def test_learning_curves_of_spiking_circuits_are_half_the_squared_error_that_was_recorded():
    error = (("time", "neuron_readout"), np.arange(6.0).reshape(3, 2), {"units": "Hz"})
    run = xr.Dataset({"readout_error": error}, {"time": [0.0, 0.1, 0.2]}, {"rule": "e-prop"})
    (ax,) = figures.load("learning_curve")(run).axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, 6.5, 20.5])
