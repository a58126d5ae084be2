"""The types of the runtime's public names are part of its face: strict mypy agrees with `runtime_api.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def mypy(path: Path) -> str:
    """What strict mypy says about a file."""
    done = subprocess.run([sys.executable, "-m", "mypy", str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def test_a_wrong_type_is_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from outfall_runtime import Slot\nnumber: str = Slot('app.slot', 1).get()\n")
    assert "error: Incompatible types in assignment" in mypy(wrong)


def test_the_public_names_have_the_types_that_are_promised() -> None:
    assert mypy(HERE / "runtime_api.py").startswith("Success")
