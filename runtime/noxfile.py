"""The runtime's tests on every CPython that it supports and this machine has: `nox -f runtime/noxfile.py`.

An absent interpreter is reported as skipped, by name; with `--error-on-missing-interpreters` it fails.
Interpreters that pyenv installed are found without being activated.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
nox.options.default_venv_backend = "venv"
os.environ["NOX_DOWNLOAD_PYTHON"] = "never"
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(PYENV.glob("*/bin"))), os.environ["PATH"]])


@nox.session(python=["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.14t"])
def tests(session: nox.Session) -> None:
    """The suite; not with the root's pytest settings, which are for the tools and newer Pythons."""
    session.chdir(ROOT)
    session.install("pytest>=8", "hypothesis>=6.100", "./runtime")
    options = ["-c", os.devnull, f"--rootdir={ROOT}", "--import-mode=importlib", "-q"]
    session.run("python", "-m", "pytest", *options, "tests/runtime", *session.posargs)
