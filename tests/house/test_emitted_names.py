"""Whatever name of the runtime a codemod may write into a project, the runtime exports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import outfall_runtime
import pytest

CODEMODS = Path(__file__).resolve().parents[2] / "codemods" / "outfall_codemods"
RUNTIME_NAME = re.compile(r"(Staged)?\w*(Registry|ContextLocal|ContextValue|ThreadResource|Slot|Lazy)|module_property|class_slot|slot_of")


def emitted() -> set[str]:
    """Every string constant of the codemods that is shaped like one of the runtime's names."""
    found = set()
    for path in CODEMODS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and RUNTIME_NAME.fullmatch(node.value):
                found.add(node.value)
    return found


def test_the_scan_sees_the_names_of_both_kinds() -> None:
    assert emitted() >= {"StagedRegistry", "StagedContextLocal"}


@pytest.mark.parametrize("name", sorted(emitted()))
def test_the_runtime_exports_what_a_codemod_writes(name: str) -> None:
    assert name in outfall_runtime.__all__
    assert getattr(outfall_runtime, name).__name__ == name


@pytest.mark.parametrize("name", sorted(name for name in emitted() if name.startswith("Staged")))
def test_a_staged_name_has_its_plain_twin(name: str) -> None:
    assert name.removeprefix("Staged") in outfall_runtime.__all__
