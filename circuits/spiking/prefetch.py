"""Compiled synapses ask for their numbers before they need them: the loop over spikes waits for memory otherwise.

The synapses that a spike reaches lie scattered over arrays larger than a cache. Which ones come next is known, so each
step of the loop Brian2 writes asks for those `AHEAD` places later. No number of a run changes.
"""

from __future__ import annotations

import re
from pathlib import Path

AHEAD = 16
STEP = "const size_t _idx = (*_spiking_synapses)[_spiking_synapse_idx];"


def prefetch(folder: Path) -> int:
    """Change the loops over spiking synapses in the C++ of `folder`; returns how many there were."""
    found = 0
    for path in sorted((folder / "code_objects").glob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        changed = with_prefetch(text)
        if changed != text:
            path.write_text(changed, encoding="utf-8")
            found += 1
    return found


def with_prefetch(text: str) -> str:
    """C++ text whose loops over spiking synapses ask early for what they read.

    Examples
    --------
    >>> "prefetch" in with_prefetch(STEP + " double w = _ptr_array_ee_w[_idx];")
    True
    >>> with_prefetch("int main() {}")
    'int main() {}'
    """
    before, loop, body = text.partition(STEP)
    arrays = sorted(set(re.findall(r"\b(_ptr_array_\w+)\[_idx\]", body)))
    if not loop or not arrays:
        return text
    last = "_num_spiking_synapses - 1"
    soon = f"_spiking_synapse_idx + {AHEAD} < _num_spiking_synapses ? _spiking_synapse_idx + {AHEAD} : {last}"
    asked = " ".join(f"__builtin_prefetch({array} + _soon);" for array in arrays)
    return f"{before}const size_t _soon = (*_spiking_synapses)[{soon}];\n        {asked}\n        {loop}{body}"
