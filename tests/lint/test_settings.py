"""Settings of rules: typed, checked, documented in the schema, and obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint import schema
from outfall_lint.config import Config, ConfigError, load_config

ROOT = Path(__file__).resolve().parents[2]
WRONG = [
    ('[tool.outfall.rules.OUT101]\nconstructor = ["x"]\n', "did you mean `constructors`?"),
    ('[tool.outfall.rules.OUT101]\nconstructors = "x"\n', "is a text, expected a list of texts"),
    ("[tool.outfall.rules.OUT110]\nnames = [1]\n", "is a list, expected a list of texts"),
    ("[tool.outfall.rules.OUT102]\nnames = []\n", "unknown key `tool.outfall.rules.OUT102.names`"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_setting_is_refused_with_its_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path)
    assert message in str(error.value)


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.outfall.rules.OUT101]\nconstructors = ["a.B"]\n', encoding="utf-8")
    assert load_config(tmp_path).rules == {"OUT101": {"constructors": ("a.B",)}}


OBEYED = [
    ("OUT101", "constructors", "ext.Table", "from ext import Table\nT = Table()\ndef f(k):\n    T[k] = 1\n", ["OUT101"]),
    ("OUT103", "field-bases", "Entity", "class E(Entity):\n    tags = []\n    def f(self):\n        self.tags.append(1)\n", []),
    ("OUT110", "names", "plots.rc", "import plots\ndef f():\n    plots.rc['a'] = 1\n", ["OUT110"]),
]


@pytest.mark.parametrize(("code", "name", "value", "text", "codes"), OBEYED)
def test_a_setting_is_obeyed(project, code: str, name: str, value: str, text: str, codes: list[str]) -> None:
    assert [f.code for f in project(text).findings] != codes
    assert [f.code for f in project(text, Config(rules={code: {name: (value,)}})).findings] == codes


def test_the_schema_is_the_one_in_the_docs() -> None:
    found = (ROOT / "docs" / "config.schema.json").read_text(encoding="utf-8")
    assert found == schema.text(), "run: python -m outfall_lint.schema docs/config.schema.json"


def test_the_schema_knows_every_rules_settings() -> None:
    rules = schema.schema()["properties"]["rules"]["properties"]
    assert rules["OUT110"]["properties"]["names"]["type"] == "array"
    assert rules["OUT102"]["properties"] == {}
