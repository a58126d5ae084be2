"""Shared by the linter's tests: snippets become projects, findings become short tuples."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import Analysis, analyse

Analyse = Callable[..., Analysis]


@pytest.fixture
def project(tmp_path: Path) -> Analyse:
    """Write `{path: text}` below a fresh root and analyse it; a lone text becomes `app.py`."""

    def write_and_analyse(files: dict[str, str] | str, config: Config = Config()) -> Analysis:
        if isinstance(files, str):
            files = {"app.py": files}
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text), encoding="utf-8")
        return analyse(["."], config, tmp_path)

    return write_and_analyse
