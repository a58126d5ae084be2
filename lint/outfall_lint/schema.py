"""The JSON schema of `[tool.outfall]`, made from the configuration's own declaration.

`python -m outfall_lint.schema docs/config.schema.json` writes it; editors that know JSON schemas
then complete and check the table.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from outfall_lint.config import Config, key_of
from outfall_lint.model import Kind, Priority
from outfall_lint.rule import Parameter, Rule, all_rules

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TYPES: Mapping[type, Schema] = {bool: {"type": "boolean"}, int: {"type": "integer"}, str: _TEXT, tuple: _TEXTS}


def schema() -> Schema:
    """The schema of the table; its keys are the fields of `Config`."""
    reasons: Schema = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
    codes: Schema = {"type": "array", "items": {"type": "string", "pattern": "^OUT[0-9]{0,3}$"}}
    known: Mapping[str, Schema] = {
        "paths": _TEXTS,
        "exclude": _TEXTS,
        "select": codes,
        "ignore": codes,
        "min-priority": {"enum": [p.name.lower() for p in Priority]},
        "baseline": _TEXT,
        "ledger": _TEXT,
        "states": {"type": "object", "additionalProperties": {"enum": [k.value for k in Kind]}},
        "rules": _closed({rule.code: _rule(rule) for rule in all_rules()}),
        "per-path": {"type": "object", "additionalProperties": _closed({"select": codes, "ignore": codes})},
        "rollout": _closed({"dwell-hours": {"type": "number", "minimum": 0}, "processes": _TEXTS, "accepted": reasons}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.outfall] of pyproject.toml",
        **_closed({key: known[key] for key in (key_of(field.name) for field in fields(Config))}),
    }


def _rule(rule: Rule) -> Schema:
    return _closed({parameter.name: _parameter(parameter) for parameter in rule.parameters})


def _parameter(parameter: Parameter) -> Schema:
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    return {**_TYPES[type(parameter.default)], "description": parameter.meaning, "default": default}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
