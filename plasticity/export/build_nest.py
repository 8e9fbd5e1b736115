"""Build the NESTML synapses of a folder as one module of NEST: `python build_nest.py`, in an environment with both.

Reads every `*_synapse.json`, which says what NESTML must know of the synapse of that name, and writes `MODULE.so` into
the folder of this file. NEST loads it by its full path: `nest.Install("/…/steersman_module")`. Needs cmake, make,
a compiler of C++20 and the headers of Boost; those of GSL only if a neuron of your own needs them.

The package of NEST for `pip` describes the machine that it was made on; where its paths do not exist, the build gets
those of this one and, if NEST was compiled so, the old binary interface of C++ strings.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

OLD_STRINGS = b"register_connection_modelINS_12stdp_synapseEEEvRKSs"  # this function in the old interface


def missing() -> list[str]:
    """What is not there that a build needs, each with its remedy."""
    needed = {
        "NEST: pip install nest-simulator": importlib.util.find_spec("nest"),
        "NESTML: pip install nestml": importlib.util.find_spec("pynestml"),
        "cmake: apt-get install cmake": shutil.which("cmake"),
        "make: apt-get install make": shutil.which("make"),
        "a compiler of C++: apt-get install g++": shutil.which("c++"),
        "the headers of Boost: apt-get install libboost-dev": _compiles("boost/type_index.hpp"),
        "the header of libltdl: apt-get install libltdl-dev": _compiles("ltdl.h"),
    }
    return [name for name, place in needed.items() if not place]


def options(folder: Path) -> dict[str, Any]:
    """Options of NESTML for all synapses of a folder: neuron and synapse are made together."""
    pairs: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {"delay_variable": {}, "weight_variable": {}, "strictly_synaptic_vars": {}}
    for path in sorted(folder.glob("*_synapse.json")):
        synapse = json.loads(path.read_text(encoding="utf-8"))
        for name in whole:
            whole[name][path.stem] = synapse[name]
        ports = {name: synapse.get(name, []) for name in ("post_ports", "vt_ports")}  # NESTML stops at one without
        pairs.setdefault(synapse["neuron"], {})[path.stem] = ports
    whole["neuron_synapse_pairs"] = [{"neuron": neuron, "synapses": synapses} for neuron, synapses in pairs.items()]
    return whole


def build(folder: Path, module: str = "steersman_module") -> Path:
    """Build the module; returns its path."""
    from pynestml.frontend.pynestml_frontend import generate_nest_target

    chosen = options(folder)
    if not chosen["neuron_synapse_pairs"]:
        raise SystemExit(f"no *_synapse.json in {folder}; export a rule into this folder")
    needed = [pair["neuron"] for pair in chosen["neuron_synapse_pairs"]] + list(chosen["weight_variable"])
    paths = [folder / f"{name}.nestml" for name in needed]
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        raise SystemExit(f"{', '.join(absent)} must lie in {folder}, beside the synapses")
    target = folder / f"{module}_build"
    chosen["nest_path"] = str(_installation(folder / "nest_installation"))
    generate_nest_target(
        [str(path) for path in paths],
        target_path=str(target),
        install_path=str(folder),
        logging_level="ERROR",
        module_name=module,
        codegen_opts=chosen,
    )
    return folder / f"{module}.so"


def _installation(folder: Path) -> Path:
    """Folder whose bin/nest-config is right about this machine: that of NEST itself, or a new one."""
    import nest

    own = Path(nest.build_info["prefix"])
    if (own / "bin" / "nest-config").is_file():
        return own
    package = Path(nest.__file__).parent
    old = any(OLD_STRINGS in path.read_bytes() for path in package.glob("nestkernel_api*.so"))
    answers = {
        "prefix": folder,
        "compiler": shutil.which("c++"),
        "cflags": f"{os.environ.get('CXXFLAGS', '-O2')} -std=c++20 -fopenmp -D_GLIBCXX_USE_CXX11_ABI={0 if old else 1}",
        "includes": f"-I{package / 'include' / 'nest'}",
        "static-libraries": "OFF",
        "libs": "",
        "libdir": "lib",
    }
    cases = "\n".join(f'  --{name}) echo "{answer}" ;;' for name, answer in answers.items())
    path = folder / "bin" / "nest-config"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ncase "$1" in\n{cases}\nesac\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


def _compiles(header: str) -> bool:
    """Whether the compiler finds a header."""
    if shutil.which("c++") is None:
        return False
    command = ["c++", "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input=f"#include <{header}>\n", text=True, capture_output=True, check=False)
    return done.returncode == 0


def main() -> None:
    """Build what lies beside this file."""
    parser = argparse.ArgumentParser(description="Build the NESTML synapses of a folder as one module of NEST.")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where the synapses are")
    parser.add_argument("--module", default="steersman_module", help="name of the module; ends with 'module'")
    chosen = parser.parse_args()
    os.environ.setdefault("PYNEST_QUIET", "1")
    lacking = missing()
    if lacking:
        sys.exit("missing: " + "; ".join(lacking))
    print(build(chosen.folder.resolve(), chosen.module))


if __name__ == "__main__":
    main()
