"""The runtime's tests on every CPython that it supports and this machine has: `nox -f runtime/noxfile.py`.

An absent interpreter is reported as skipped, by name; with `--error-on-missing-interpreters` it fails.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
nox.options.default_venv_backend = "venv"


@nox.session(python=["3.9", "3.10", "3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    session.chdir(ROOT)
    session.install("pytest>=8", "hypothesis>=6.100", "./runtime")
    # Not the root's pytest settings: they are for the tools, which need a newer Python.
    session.run("python", "-m", "pytest", "-c", os.devnull, f"--rootdir={ROOT}", "--import-mode=importlib", "-q", "tests/runtime")
