"""Build the source distribution and, from it, the wheel; install that into a new environment, and use it elsewhere.

``python tests/clean_install.py [PYTHON]``, with an interpreter of Python 3.11 or later; the packages that it needs
come from the package index. The exit status is 0 if all is well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SKIPPED = ("PYTHONPATH", "STEERSMAN_PATH", "VIRTUAL_ENV")


def main(interpreter: str) -> None:
    """Build, install, run."""
    environment = {name: value for name, value in os.environ.items() if name not in SKIPPED}
    with tempfile.TemporaryDirectory() as base:
        elsewhere, dist = Path(base, "elsewhere"), Path(base, "dist")
        elsewhere.mkdir()
        bin = Path(base, "venv", "bin")

        def call(*command: str | Path, cwd: Path = elsewhere) -> str:
            done = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            return done.stdout

        call(interpreter, "-m", "venv", bin.parent)
        pip = (bin / "pip", "--quiet", "--disable-pip-version-check", "install")
        call(*pip, "build")
        call(bin / "python", "-m", "build", "--outdir", dist, ROOT)  # the wheel is built from the source distribution
        tracked = set(call("git", "ls-files", cwd=ROOT).split()) if (ROOT / ".git").exists() else set()
        with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
            packed = {name.partition("/")[2] for name in archive.getnames()}
        if missing := tracked - packed:
            raise SystemExit(f"the source distribution lacks {sorted(missing)}")
        call(*pip, next(dist.glob("*.whl")))
        call(bin / "pip", "check")
        (elsewhere / "analysis").mkdir()  # a folder of the user's that the console script does not import
        (elsewhere / "analysis" / "__init__.py").write_text("raise RuntimeError('imported from the current folder')\n")
        for command in (
            "list",
            "run horizon --quick -o out.nc --figure out.png",
            "run digits --quick",
            "derive --discount 0",
        ):
            call(bin / "steersman", *command.split())
        for name in ("out.nc", "out.png"):
            if not (elsewhere / name).stat().st_size:
                raise SystemExit(f"{name} is empty")
        version = call(bin / "python", "-c", "import sys; print(sys.version.split()[0])").strip()
        print(f"sdist, wheel and clean install are complete on Python {version}")


if __name__ == "__main__":
    main(*(sys.argv[1:] or [sys.executable]))
