"""A migrated project is told what it now depends on."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfall_codemods.dependencies import advice, declare
from outfall_codemods.errors import UsageError

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


DECLARED = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["Outfall_Runtime>=1"]\n',
    "setup.cfg": "[options]\ninstall_requires =\n    outfall-runtime\n",
    "requirements.txt": "outfall.runtime==1.0\n",
    "setup.py": "from setuptools import setup\nsetup(install_requires=['outfall-runtime'])\n",
}


@pytest.mark.parametrize("path", DECLARED)
def test_what_is_declared_is_neither_advised_nor_added(path: str, tmp_path: Path) -> None:
    (tmp_path / path).write_text(DECLARED[path])
    assert advice(tmp_path, ["shop/db.py"]) == ()
    assert (declare(tmp_path).changes, declare(tmp_path).notes) == ((), ())


ADDED = {
    "a project": (
        "pyproject.toml",
        '[project]\nname = "shop"\ndependencies = [\n    "attrs",  # data\n]\n',
        '[project]\nname = "shop"\ndependencies = [\n    "attrs",  # data\n    "outfall-runtime",\n]\n',
    ),
    "a project without dependencies": (
        "pyproject.toml", '[project]\nname = "shop"\n', '[project]\nname = "shop"\ndependencies = ["outfall-runtime"]\n',
    ),
    "poetry": (
        "pyproject.toml",
        '[tool.poetry.dependencies]\npython = "^3.11"  # ours\n',
        '[tool.poetry.dependencies]\npython = "^3.11"  # ours\noutfall-runtime = "*"\n',
    ),
    "setup.cfg": (
        "setup.cfg",
        "[options]\ninstall_requires =\n  attrs  \n  # last\n  six\n\n[options.extras_require]\n",
        "[options]\ninstall_requires =\n  attrs  \n  # last\n  six\n  outfall-runtime\n\n[options.extras_require]\n",
    ),
    "setup.cfg on one line": (
        "setup.cfg", "[options]\ninstall_requires = six\n", "[options]\ninstall_requires =\n    six\n    outfall-runtime\n",
    ),
    "requirements without a last line end": ("requirements.txt", "six\r\nattrs", "six\r\nattrs\r\noutfall-runtime\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_added_where_dependencies_are_listed(name: str, tmp_path: Path) -> None:
    path, before, after = ADDED[name]
    (tmp_path / path).write_bytes(before.encode())
    assert [(c.path, c.after.decode()) for c in declare(tmp_path).changes] == [(path, after)]


def test_added_to_the_build_where_setup_imports_the_package(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("import shop\n")
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools"]\n')
    after = declare(tmp_path, ["shop/db.py"]).changes[0].after.decode()
    assert after == '[build-system]\nrequires = ["setuptools", "outfall-runtime"]\n'


def test_dynamic_dependencies_are_listed_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\ndynamic = ["dependencies"]\n')
    found = declare(tmp_path)
    assert found.changes == ()
    assert found.notes == ("no list of dependencies was found; add outfall-runtime where the project declares them",)


def test_a_broken_pyproject_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(UsageError, match=r"^pyproject\.toml: "):
        declare(tmp_path)
