"""`[tool.outfall]`: what is wrong is named, with the nearest right thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint.config import Config, ConfigError, load_config
from outfall_lint.engine import analyse
from outfall_lint.ledger import LedgerError, read_ledger

WRONG = [
    ("exlude = []", "exclude"),
    ("exclude = 1", "exclude"),
    ('select = ["OUT999"]', "OUT999"),
    ('min-priority = "hihg"', "high"),
    ('[tool.outfall.states]\n"a.b" = "contxt"', "context"),
    ("[tool.outfall.rules.OUT999]", "OUT1"),
    ("[tool.outfall.rollout]\ndwell-hour = 1", "dwell-hours"),
    ("[tool.outfall.rollout]\ndwell-hours = -1", "dwell-hours"),
    ("[tool.outfall.rollout]\ndwell-hours = nan", "dwell-hours"),  # no number of hours would fall short of it
    ('[tool.outfall.rollout.accepted]\n"app/x.py:3" = ""', 'accepted."app/x.py:3"` must be the reason'),
    ("[tool.outfall.rollout]\naccepted = ['app/x.py:3']", "`tool.outfall.rollout.accepted` is a list, expected a table"),
    ('[tool.outfall.per-path]\n"x" = {ignroe = []}', "ignore"),
    ('[tool.outfall.per-path]\n"x" = {ignore = ["OUT999"]}', '`tool.outfall.per-path."x".ignore`: unknown rule'),
    ("[tool.outfall.rollout]\nprocesses = 1", "`tool.outfall.rollout.processes` is a number, expected a list of texts"),
    ("= 1", "pyproject.toml"),
]


@pytest.mark.parametrize(("text", "names"), WRONG)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.outfall]\n{text}\n")
    with pytest.raises(ConfigError, match=names):
        load_config(tmp_path)


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path) == Config()


def test_settings_reach_the_findings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.outfall]\nignore = ["OUT102"]\nexclude = ["vendor"]\n'
        '[tool.outfall.states]\n"a.here" = "thread-resource"\n[tool.outfall.per-path]\n"b.py" = {ignore = ["OUT1"]}\n'
    )
    change = "S = {}\nL = []\ndef f():\n    S[1] = 1\n    L.append(1)\n"
    (tmp_path / "a.py").write_text(change + "import threading\nhere = threading.local()\n")
    (tmp_path / "b.py").write_text(change)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "c.py").write_text(change)
    analysis = analyse(["."], load_config(tmp_path), tmp_path)
    assert [(f.place.path, f.code, f.state.kind.value) for f in analysis.findings] == [
        ("a.py", "OUT101", "registry"),
        ("a.py", "OUT201", "thread-resource"),
    ]


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        (("OUT2",), (), []),
        ((), ("OUT1",), []),
        (("OUT1",), ("OUT101",), []),
        (("OUT101",), ("OUT101",), []),
        (("OUT101",), ("OUT1",), ["OUT101"]),
        ((), (), ["OUT101"]),
    ],
)
def test_of_two_settings_the_one_that_names_more_of_the_code_wins(project, select, ignore, codes) -> None:
    found = project("S = {}\ndef f():\n    S[1] = 1\n", Config(select=select, ignore=ignore)).findings
    assert [f.code for f in found] == codes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "version"),
        ("version = 1\n[flag.x]", "flags"),
        ("version = 1\n[flags.x]\nstate = []", "states"),
        ("version = 1\n[flags.x]\ncreated = '2026-01-01'", "created"),
        ("version = 1\n[flags.x]\ncompleted = 1", "completed"),
        ("version = ", "ledger.toml"),
    ],
)
def test_a_wrong_ledger_is_named(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "ledger.toml").write_text(text)
    with pytest.raises(LedgerError, match=names):
        read_ledger(tmp_path / "ledger.toml")
