"""Recordings in the tables of intracellular electrophysiology become a protocol by a mapping.

The file is made as the examples of pynwb make one: electrodes, a stimulus and a response for each, recordings grouped
into simultaneous, sequential and repeated ones. Amplitudes, spikes and their times are stated, so all is known.
"""

from datetime import UTC, datetime

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.data.csv_write import as_csv
from analysis.data.icephys import layout, protocol_of, read_recordings
from analysis.data.nwb import opened
from analysis.data.record import spike_trains
from analysis.datasets import load
from plasticity.errors import InputError, UnknownNameError

pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (pip install 'steersman[data]')")
icephys = pynwb.icephys

RATE, REST, SKIPPED = 1e4, -65.0, 100  # Hz, mV, samples before the part that a recording refers to
BEFORE, AFTER = np.tile([0.9, 1.1], 3), np.tile([1.3, 1.7], 2)  # mV
PAIRS = 0.05 * np.arange(1, 6)  # s, in a sweep of the induction
STARTS = {"test": 10.0 * np.arange(6), "pairing": 100 + 10.0 * np.arange(2), "after": 200 + 10.0 * np.arange(4)}
MAPPING = {"pre": "electrode:a", "post": "electrode:b", "test": "test", "induction": "pairing"}


def trace(spikes, amplitude=0.0, pulse=0.1):
    """0.4 s of voltage [mV] with spikes of one sample at given times and one response, its peak at 10 ms."""
    time = np.arange(4000) / RATE
    since = np.maximum(time - pulse, 0) / 0.01
    voltage = REST + amplitude * since * np.exp(1 - since)
    voltage[np.round(np.asarray(spikes) * RATE).astype(int)] = 40.0
    return voltage


def recorded(path, clamp="current", labels="stimulus_type"):
    """A file of one pair: tests, two sweeps of five pairs at 20 Hz and +10 ms, tests."""
    file = pynwb.NWBFile("paired recording", "pair-1", datetime(2020, 1, 1, tzinfo=UTC))
    device = file.create_device(name="amplifier")
    cells = {name: file.create_icephys_electrode(name=name, description="patch", device=device) for name in "ab"}
    if labels == "column":
        file.get_intracellular_recordings().add_column(name="phase", description="part of the experiment")
    amplitudes = {"test": BEFORE, "pairing": np.zeros(2), "after": AFTER}
    for label, starts in STARTS.items():
        simultaneous = []
        for k, (start, size) in enumerate(zip(starts, amplitudes[label], strict=True)):
            spikes = {"a": PAIRS, "b": PAIRS + 0.01} if label == "pairing" else {"a": [0.1], "b": []}
            rows = []
            for name, cell in cells.items():
                about = {"electrode": cell, "gain": 1.0, "rate": RATE, "sweep_number": np.uint64(k)}
                current = name == "a" or label == "pairing" or clamp == "current"
                data = trace(spikes[name], size if name == "b" else 0.0)
                kind = icephys.CurrentClampSeries if current else icephys.VoltageClampSeries
                about["conversion"] = 1e-3 if current else 1e-12
                response = kind(
                    name=f"{label}_{k}_{name}",
                    data=np.concatenate([np.full(SKIPPED, 500.0), data if current else 2 * REST - data]),
                    starting_time=start - SKIPPED / RATE,
                    **about,
                )
                given = icephys.CurrentClampStimulusSeries if current else icephys.VoltageClampStimulusSeries
                stimulus = given(name=f"{label}_{k}_{name}_in", data=np.zeros(4000), starting_time=start, **about)
                extra = {"phase": "test" if label == "after" else label} if labels == "column" else {}
                rows.append(
                    file.add_intracellular_recording(
                        electrode=cell,
                        stimulus=stimulus,
                        response=response,
                        response_start_index=SKIPPED,
                        response_index_count=4000,
                        **extra,
                    )
                )
            simultaneous.append(file.add_icephys_simultaneous_recording(recordings=rows))
        kind = "test" if label == "after" else label
        sequence = file.add_icephys_sequential_recording(simultaneous_recordings=simultaneous, stimulus_type=kind)
        file.add_icephys_repetition(sequential_recordings=[sequence])
    file.add_unit_column(name="unit_name", description="which neuron was stimulated")
    pulses = np.concatenate([STARTS["test"] + 0.1, (STARTS["pairing"][:, None] + PAIRS).ravel(), STARTS["after"] + 0.1])
    file.add_unit(spike_times=pulses, unit_name="stimulator")
    with pynwb.NWBHDF5IO(str(path), "w") as out:
        out.write(file)
    return path


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("nwb") / "cell_7.nwb")


def as_it_was(data):
    """Trains, change and its error are those that were put into the file."""
    pre, post = spike_trains(data)
    expected = (np.array([0.0, 10.0])[:, None] + PAIRS - PAIRS[0]).ravel()
    np.testing.assert_allclose(pre[0], expected, atol=1e-9)
    np.testing.assert_allclose(post[0], expected + 0.01, atol=1e-9)
    ratio = AFTER.mean() / BEFORE.mean()
    assert float(data.value[0]) == pytest.approx(ratio - 1, rel=1e-9)
    relative = [x.std(ddof=1) / np.sqrt(x.size) / x.mean() for x in (BEFORE, AFTER)]
    assert float(data.sem[0]) == pytest.approx(ratio * np.hypot(*relative), rel=1e-9)
    assert (int(data.n_before[0]), int(data.n_after[0])) == (BEFORE.size, AFTER.size)


def test_sweeps_become_a_protocol(cell):
    data = read_recordings([cell], layout(MAPPING))
    assert data.protocol.values.tolist() == data.cell.values.tolist() == ["cell_7"]
    as_it_was(data)


def test_labels_in_a_column_and_voltage_clamp(tmp_path):
    path = recorded(tmp_path / "cell_7.nwb", clamp="voltage", labels="column")
    as_it_was(read_recordings([path], layout({**MAPPING, "phases": "column:phase"})))


def test_times_of_stimulation_as_a_unit(cell):
    """Stimuli come a fraction of a sample later than the spike passes its threshold, in every pair alike."""
    data = read_recordings([cell], layout({**MAPPING, "pre": "unit:stimulator"}))
    pre, post = spike_trains(data)
    np.testing.assert_allclose(post[0] - pre[0], 0.01, atol=1 / RATE)
    assert float(data.value[0]) == pytest.approx(AFTER.mean() / BEFORE.mean() - 1, rel=1e-9)


def test_the_command_writes_a_file_that_fits(cell, tmp_path, capsys):
    table = tmp_path / "pairs.csv"
    mapping = [f"{key}={value}" for key, value in MAPPING.items()]
    main(["read", str(cell), "--map", *mapping, "-o", str(table)])
    printed = capsys.readouterr().out
    assert "cell_7: 10 pre and 10 post spikes; 6 test responses before, 4 after; change +50.0 % ± 13.4 %" in printed
    own = load(table)
    whole = read_recordings([cell], layout(MAPPING))
    for name in ("value", "sem", "n", "pre_time", "post_time", "cell"):
        np.testing.assert_array_equal(own[name].values, whole[name].values)
    main(["fit", "pair_stdp", "--data", str(table), "--free", "A_plus"])
    assert "as many free parameters as protocols" in capsys.readouterr().err


LACKING = (
    ({"pre": "electrode:c"}, "electrode in .*cell_7.nwb 'c'"),
    ({"pre": "a"}, "must be electrode:NAME, unit:NAME or intervals:TABLE, got 'a'"),
    ({"pre": "unit:stimulus"}, "did you mean 'stimulator'"),
    ({"induction": "pairings"}, "did you mean 'pairing'"),
    ({"phases": "column:phase"}, "column of the intracellular recordings 'phase'"),
    ({"phases": "intervals:trials:kind"}, "table of intervals in .* 'trials'"),
    ({"threshold_mV": "50"}, "no pre spike during 'pairing'; check threshold_mV .50."),
    ({"window_ms": "250:350"}, "'cell_7' has 0 test responses before the induction; it needs 3"),
    ({"response": "series:epsp"}, "acquisition in .* 'epsp'"),
)


def test_what_the_file_lacks_is_named(cell):
    with opened(cell) as content:
        for changes, message in LACKING:
            with pytest.raises((InputError, UnknownNameError), match=message):
                protocol_of(cell, content, layout({**MAPPING, **changes}))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"pre": "unit:1"}, "the mapping lacks post"),
        ({**MAPPING, "induktion": "x"}, "did you mean 'induction'"),
        ({**MAPPING, "window_ms": "30"}, "window_ms must be a number .window_ms: FROM:TO. in ms or mV, got '30'"),
        ({**MAPPING, "window_ms": "30:1"}, "0 <= FROM < TO"),
        ({**MAPPING, "threshold_mV": "high"}, "got 'high'"),
    ],
)
def test_a_mapping_that_is_none(texts, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        layout(texts)


def test_a_file_without_a_mapping_says_how_to_read_it(cell):
    with pytest.raises(InputError, match="python -m analysis read"):
        load(cell)


@pytest.mark.parametrize("name", ["sjostrom_2001", "milstein_2021", "pfeiffer_2018", "thart_reach"])
def test_a_written_table_is_read_again(name, tmp_path):
    data = load(name).isel(protocol=slice(0, 6))
    (tmp_path / "own.csv").write_text(as_csv(data), encoding="utf-8")
    own = load(tmp_path / "own.csv")
    for variable in ("value", "sem", "n", *(c for c in own.coords if c != "protocol")):
        np.testing.assert_array_equal(own[variable].values, data[variable].values)
