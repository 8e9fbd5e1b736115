"""The Brian2 scripts that `plasticity.export` writes, on a conformance kit: `python brian2_exported.py kit.json`.

Runs every script as it is and reads the weight that it prints last. A script has one synapse, so that a sequence with
several pre neurons takes several scripts; sequences of more than 5 s are left out. Prints one line of JSON.
"""

import contextlib
import io
import json
import sys

import brian2

from plasticity import conformance, export
from plasticity.conformance.golden import members

LONGEST = 5.0  # s


def run(rule, sequence):
    """Final weights of a rule after a sequence."""
    third_factor = sequence.third_factor if "third_factor" in rule.events else None
    weights = []
    for pre in sequence.pre:
        ((name, text),) = export.brian2(
            rule, pre, sequence.post, third_factor, sequence.delay, sequence.duration
        ).items()
        brian2.start_scope()
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(text, name, "exec"), {"__name__": "__main__"})
        weights.append(float(printed.getvalue().split("=")[-1]))
    return weights


def main():
    """Run every rule on every short sequence."""
    kit, rules = conformance.read(sys.argv[1]), members()
    sequences = {name: s for name, s in kit.sequences.items() if s.duration <= LONGEST}
    weights = {}
    for label, golden in kit.weights.items():
        weights[label] = {name: run(rules[label], sequences[name]) for name in golden if name in sequences}
        print(label, file=sys.stderr, flush=True)
    refused = dict.fromkeys(weights, f"longer than {LONGEST:g} s")
    print(json.dumps({"simulator": f"Brian2 {brian2.__version__}", "weights": weights, "refused": refused}))


if __name__ == "__main__":
    main()
