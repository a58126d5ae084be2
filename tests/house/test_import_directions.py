"""Holds the arrows of docs/architecture.md: who may import whom, and who may import nothing else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HOUSE = {
    "outfall_lint": "lint",
    "outfall_codemods": "codemods",
    "outfall_reports": "reports",
    "outfall_cli": "cli",
    "outfall_runtime": "runtime",
}
MAY_IMPORT = {
    "outfall_lint": set(),
    "outfall_codemods": {"outfall_lint"},
    "outfall_reports": set(),
    "outfall_cli": {"outfall_lint", "outfall_codemods", "outfall_reports"},
    "outfall_runtime": set(),
}
THIRD_PARTY = {
    "outfall_lint": set(),
    "outfall_codemods": {"libcst", "tomlkit"},
    "outfall_reports": {"jinja2", "markupsafe"},
    "outfall_cli": {"click", "platformdirs", "tomlkit"},
    "outfall_runtime": set(),
}
# The pytest plugin is imported by pytest only; production never loads it.
ONLY_UNDER_PYTEST = {"runtime/outfall_runtime/testing.py", "runtime/outfall_runtime/pytest_plugin.py"}
DEMO_SERVICE = "cli/outfall_cli/demo_service/"


def imported_roots(source: str) -> Iterator[str]:
    """The top-level packages that a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def sources(package: str) -> list[Path]:
    folder = ROOT / HOUSE[package] / package
    return [p for p in sorted(folder.rglob("*.py")) if not p.relative_to(ROOT).as_posix().startswith(DEMO_SERVICE)]


def forbidden(package: str) -> list[str]:
    allowed = {package} | MAY_IMPORT[package] | THIRD_PARTY[package] | set(sys.stdlib_module_names)
    found = []
    for path in sources(package):
        name = path.relative_to(ROOT).as_posix()
        extra = {"pytest", "_pytest"} if name in ONLY_UNDER_PYTEST else set()
        roots = set(imported_roots(path.read_text(encoding="utf-8")))
        found += [f"{name} imports {root}" for root in sorted(roots - allowed - extra)]
    return found


@pytest.mark.parametrize("package", HOUSE)
def test_a_package_imports_only_what_its_arrows_allow(package: str) -> None:
    assert sources(package), f"no sources found for {package}"
    assert forbidden(package) == []


def test_the_check_can_fail() -> None:
    assert set(imported_roots("import libcst.matchers\nfrom outfall_cli import x\nfrom . import y\n")) == {
        "libcst",
        "outfall_cli",
    }


def test_every_folder_holds_the_package_of_its_name() -> None:
    for package, folder in HOUSE.items():
        assert package == f"outfall_{folder}"
        assert (ROOT / folder / package / "py.typed").is_file()
