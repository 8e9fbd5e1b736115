"""Command that reads the files of a laboratory by a mapping and writes them as a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support.cli import check_files, key_and_value

__all__ = ["add_arguments", "run"]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("files", nargs="+", metavar="FILE.nwb", help="one protocol each")
    command.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="where things are: pre, post, test, induction; phases, response, threshold_mV, window_ms, before_ms, "
        "alone_ms (documented in docs/data.md)",
    )
    command.add_argument("-o", "--output", required=True, metavar="FILE.csv", help="or FILE.nc; --data takes both")


def run(arguments: argparse.Namespace) -> None:
    """Read, write, and print what was found."""
    from analysis.data.csv_write import as_csv
    from analysis.data.icephys import layout, read_recordings
    from plasticity.dataset import write

    output = Path(arguments.output)
    if output.suffix.lower() not in (".csv", ".nc"):
        raise InputError(f"--output must end in .csv or .nc, got {arguments.output!r}")
    check_files({"--output": output}, arguments.files)
    data = read_recordings(arguments.files, layout(dict(key_and_value(text, "--map") for text in arguments.map)))
    for name in data.protocol.values.tolist():
        row = data.sel(protocol=name)
        spikes = [int(row[f"{side}_time"].notnull().sum()) for side in ("pre", "post")]
        print(
            f"{name}: {spikes[0]} pre and {spikes[1]} post spikes; {int(row.n_before)} test responses before, "
            f"{int(row.n_after)} after; change {100 * float(row.value):+.1f} % ± {100 * float(row['sem']):.1f} %"
        )
    if output.suffix.lower() == ".nc":
        write(data, output)
    else:
        output.write_text(as_csv(data), encoding="utf-8")
    print(output)
