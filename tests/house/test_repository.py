"""What the repository promises about itself: no machine paths, no empty tests, files in bounds."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300  # lines; STYLE asks for about 250 and one thing per file


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def has_assertion(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """An `assert`, a `pytest.raises`/`warns`/`fail`, or a call of a helper named check_*/assert_*."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"raises", "warns", "fail"} or name.startswith(("check_", "assert_", "expect_")):
                return True
    return False


def test_every_test_can_fail() -> None:
    empty = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in tracked("tests/*.py", "tests/**/*.py")
        if path.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and not has_assertion(node)
    ]
    assert empty == []


def test_source_files_hold_one_thing() -> None:
    folders = ("lint", "codemods", "reports", "cli", "runtime", "benchmarks")
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in tracked(*(f"{folder}/*.py" for folder in folders))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]
    assert long == []


def test_the_runtime_declares_no_dependency() -> None:
    text = (ROOT / "runtime" / "pyproject.toml").read_text(encoding="utf-8")
    assert "\ndependencies = []\n" in text


def test_both_distributions_carry_the_same_version_and_licence() -> None:
    import tomllib

    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = tomllib.loads((ROOT / "runtime" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert root["version"] == runtime["version"]
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "runtime" / "LICENSE").read_bytes()
