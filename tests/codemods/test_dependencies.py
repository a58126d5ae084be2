"""A migrated project is told what it now depends on."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfall_codemods.dependencies import advice

NEEDED = "add outfall-runtime to the project's dependencies"
BUILD = "setup.py imports the package: add outfall-runtime to the build requirements too"


@pytest.mark.parametrize(
    ("setup", "changed", "said"),
    [
        ("from shop import __version__\n", [], ()),
        (None, ["shop/db.py"], (NEEDED,)),
        ("from setuptools import setup\n", ["shop/db.py"], (NEEDED,)),
        ("def broken(:\n", ["shop/db.py"], (NEEDED,)),
        ("from shop import __version__\n", ["src/shop/db.py"], (NEEDED, BUILD)),
        ("import bottle\n", ["bottle.py"], (NEEDED, BUILD)),
    ],
)
def test_advice(setup: str | None, changed: list[str], said: tuple[str, ...], tmp_path: Path) -> None:
    if setup is not None:
        (tmp_path / "setup.py").write_text(setup)
    assert advice(tmp_path, changed) == said
