"""What compiled loops over spikes ask for early is what they read, and nothing else about them changes."""

import re

from circuits.spiking.prefetch import AHEAD, STEP, prefetch, with_prefetch

LOOP = f"""
for(int _spiking_synapse_idx=0; _spiking_synapse_idx<_num_spiking_synapses; _spiking_synapse_idx++) {{
    {STEP}
    double w = _ptr_array_ee_w[_idx];
    const double t = _ptr_array_steps_t[0];
    _ptr_array_ee_w[_idx] = w + _ptr_array_ee_pre_trace[_idx];
}}
"""


def test_it_asks_for_what_the_loop_reads_per_synapse_and_keeps_the_rest():
    changed = with_prefetch(LOOP)
    assert re.findall(r"__builtin_prefetch\((\w+) \+ _soon\)", changed) == [
        "_ptr_array_ee_pre_trace",
        "_ptr_array_ee_w",
    ]
    assert changed.index("_soon") < changed.index(STEP)
    lines = [line for line in changed.splitlines() if "_soon" not in line]
    assert [line.strip() for line in lines] == [line.strip() for line in LOOP.splitlines()]


def test_it_never_looks_beyond_the_last_spike():
    expression = re.search(r"_soon = \(\*_spiking_synapses\)\[(.*?) \? (.*?) : (.*?)\];", with_prefetch(LOOP)).groups()
    for n in (1, AHEAD, AHEAD + 1, 100):
        for k in range(n):
            names = {"_spiking_synapse_idx": k, "_num_spiking_synapses": n}
            fits, there, last = (eval(part, {}, names) for part in expression)
            assert (there if fits else last) == min(k + AHEAD, n - 1)


def test_it_changes_only_loops_over_spikes(tmp_path):
    (tmp_path / "code_objects").mkdir()
    for name, text in (("a", LOOP), ("b", "int main() {}\n")):
        (tmp_path / "code_objects" / f"{name}.cpp").write_text(text, encoding="utf-8")
    assert prefetch(tmp_path) == 1
    assert (tmp_path / "code_objects" / "b.cpp").read_text(encoding="utf-8") == "int main() {}\n"
