"""Where a global is declared: at the module's own binding, whatever functions bind it to."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse

CALL = "DEBUG = False\n\ndef debug(mode):\n    global DEBUG\n    DEBUG = bool(mode)\n"
MADE = "_client = None\n\ndef client():\n    global _client\n    _client = dict()\n    return _client\n"
ONLY_IN_FUNCTION = "def start():\n    global pool\n    pool = dict()\n"


@pytest.mark.parametrize(("text", "line", "rebound"), [(CALL, 1, [5]), (MADE, 1, [5]), (ONLY_IN_FUNCTION, 3, [3])])
def test_declared_where_the_module_binds_it(tmp_path: Path, text: str, line: int, rebound: list[int]) -> None:
    (tmp_path / "app.py").write_text(text)
    (state,) = analyse([tmp_path], Config(), tmp_path).states
    assert state.place.line == line
    assert [a.place.line for a in state.accesses if a.operation.value == "rebind"] == rebound
