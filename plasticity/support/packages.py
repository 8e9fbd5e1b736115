"""Guard of the names of the packages: another distribution or a folder may have taken one of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from plasticity.errors import InputError

HOME = Path(__file__).resolve().parents[2]
NAMES = ("plasticity", "circuits", "scenarios", "analysis", "course")


def check_packages(home: Path = HOME) -> None:
    """Refuse to go on where another distribution, or a folder, has taken the name of a package; nothing is imported.

    Raises
    ------
    InputError
        Naming the package, where it is imported from, and the remedy.
    """
    for name in NAMES:
        if not (home / name).is_dir():  # not part of this distribution
            continue
        spec = importlib.util.find_spec(name)
        places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
        if home / name not in [Path(place).resolve() for place in places if place]:
            raise InputError(
                f"package {name!r} is imported from {places[0] if places else 'nowhere'}, not from {home}: another "
                "distribution or a folder of that name hides it; rename the folder, or install steersman into an "
                "environment of its own"
            )
        init = home / name / "__init__.py"
        if not init.is_file() or not any(
            word in init.read_text(encoding="utf-8") for word in ("plasticity", "steersman")
        ):
            raise InputError(
                f"{init} is not steersman's: another distribution has overwritten it; uninstall that, then run "
                "`pip install --force-reinstall --no-deps steersman`, or use an environment of its own"
            )
