"""How long a project lets its lines be, as its formatter or linter is told."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TOML = (("black", "line-length"), ("ruff", "line-length"), ("flake8", "max-line-length"), ("pycodestyle", "max-line-length"))
_INI = (("flake8", "max-line-length"), ("pycodestyle", "max-line-length"), ("pep8", "max-line-length"))
_INI_FILES = (".flake8", "setup.cfg", "tox.ini")


def line_length(root: Path) -> int | None:
    """The limit that the project at `root` configures; None where it configures none, or not readably."""
    return next((limit for limit in (*_from_toml(root), *_from_ini(root)) if limit > 0), None)


def _from_toml(root: Path) -> Iterator[int]:
    tools: dict[str, Any] = _toml(root / "pyproject.toml").get("tool", {})
    yield from (_number(tools.get(tool, {}).get(key)) for tool, key in _TOML)
    yield _number(_toml(root / "ruff.toml").get("line-length"))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _from_ini(root: Path) -> Iterator[int]:
    for name in _INI_FILES:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string((root / name).read_text("utf-8"))
        except (OSError, ValueError, configparser.Error):
            continue
        for section, key in _INI:
            yield from (_number(parser.get(section, spelled, fallback=None)) for spelled in (key, key.replace("-", "_")))


def _number(value: object) -> int:
    """The limit, or 0 for what is none."""
    text = str(value).strip()
    return int(text) if text.isdecimal() else 0
