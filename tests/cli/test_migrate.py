"""`outfall migrate` and `undo`: what is written, what is not, and what is said about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import contents

if TYPE_CHECKING:
    from .conftest import Invoke, Run

UNDECIDED = "import threading\n\n_local = threading.local()\n\n\ndef touch():\n    return _local\n"


@pytest.mark.parametrize("option", ["--diff", "--check", "--plan", "--plan=json"])
def test_looking_writes_nothing(option: str, ambient: Path, invoke: Invoke) -> None:
    before = contents(ambient)
    result = invoke("migrate", option)
    assert result.exit_code == (0 if option.startswith("--plan") else 1), result.output
    assert contents(ambient) == before


def test_nothing_to_rewrite_is_said_and_is_no_failure(project: Path, invoke: Invoke) -> None:
    result = invoke("migrate")
    assert (result.exit_code, result.stdout) == (0, "Nothing to rewrite.\n")


STATE = "_n = 0\n\n\nclass C:\n    n = 0\n\n    @classmethod\n    def put(cls, v):\n        cls.n = v\n\n\ndef put(v):\n    global _n\n    _n = v\n\n\ndef get():\n    return _n, C.n\n"
USE = "import state\n\ntable = {}\n\n\ndef use(v):\n    state._n = v\n    state.C.n = v\n    table[v] = 1\n"


@pytest.mark.parametrize("path", ["state.py", "./state.py"])
def test_of_one_file_only_the_states_are_rewritten_but_all_their_uses_seen(path: str, project: Path, invoke: Invoke) -> None:
    (project / "state.py").write_text(STATE, encoding="utf-8")
    (project / "use.py").write_text(USE, encoding="utf-8")
    assert invoke("migrate", path).exit_code == 0
    assert 'module_property(__name__, "_n", _n_slot)\n' in (project / "state.py").read_text(encoding="utf-8")
    after = USE.replace("state.C.n = v", 'slot_of(state.C, "n").value = v').replace("import state\n", "from outfall_runtime import slot_of\n\nimport state\n")
    assert (project / "use.py").read_text(encoding="utf-8") == after


def test_the_current_folder_is_all_that_lies_in_it(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate", ".", "--diff").stdout == invoke("migrate", "--diff").stdout != ""


def test_a_dirty_tree_is_refused(ambient: Path, invoke: Invoke) -> None:
    subprocess.run(["git", "init", "-q"], cwd=ambient, check=True)
    subprocess.run(["git", "add", "-A"], cwd=ambient, check=True)
    before = contents(ambient)
    result = invoke("migrate")
    assert (result.exit_code, "--allow-dirty" in result.stderr) == (4, True)
    assert contents(ambient) == before
    assert invoke("migrate", "--allow-dirty").exit_code == 0


def test_a_failing_verification_restores_everything(ambient: Path, run: Run) -> None:
    before = contents(ambient)
    done = run("migrate", "--verify", f'{sys.executable} -c "print(\'three failed\'); raise SystemExit(1)"')
    assert done.code == 4
    assert "every file was restored" in done.err and "three failed" in done.err
    assert contents(ambient) == before


def test_a_passing_verification_keeps_the_change(ambient: Path, run: Run) -> None:
    command = f"{sys.executable} -c 'import agents; agents.register(1, 2)'"
    assert run("migrate", "--verify", command).code == 0
    assert "StagedRegistry" in (ambient / "agents.py").read_text(encoding="utf-8")


def test_a_second_run_changes_nothing(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate").exit_code == 0
    before = contents(ambient)
    assert invoke("migrate", "--check").exit_code == 0
    assert invoke("migrate").exit_code == 0
    assert contents(ambient) == before


def test_the_summary_names_what_moved_and_what_to_do_next(ambient: Path, invoke: Invoke) -> None:
    said = invoke("migrate").stdout
    for expected in ("Rewrote 2 states in 2 files", "agents._agents", "StagedContextLocal", "outfall undo"):
        assert expected in said
    assert "OUTFALL_FLAGS=use_context=shadow,use_registry=shadow pytest" in said


def test_what_is_left_is_named_with_its_reason(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(UNDECIDED, encoding="utf-8")
    plans = json.loads(invoke("migrate", "--plan=json").stdout)["plans"]
    assert [plan["action"] for plan in plans] == ["decline"]
    said = invoke("migrate").stdout
    assert "Left 1 state as before" in said
    assert plans[0]["reason"].split()[0] in said


SETTING = "_level = 0\n\n\ndef set_level(value):\n    global _level\n    _level = value\n\n\ndef level():\n    return _level\n"
RESOURCE = """\
import threading

_local = threading.local()


def connect():
    return object()


def connection():
    if not hasattr(_local, "conn"):
        _local.conn = connect()
    return _local.conn
"""


def test_the_plan_shows_what_is_edited_beside_each_declaration(ambient: Path, invoke: Invoke) -> None:
    (ambient / "settings.py").write_text(SETTING, encoding="utf-8")
    said = invoke("migrate", "--plan", ".").stdout
    assert "agents._agents  registry -> StagedRegistry, behind use_registry  agents.py:1\n    its 1 access stays as it is\n" in said
    assert "settings._level  slot -> Slot  settings.py:1\n    rewritten with it: settings.py:6, 10\n" in said
    plans = {plan["state"]: plan["touched"] for plan in json.loads(invoke("migrate", "--plan", "json", ".").stdout)["plans"]}
    assert plans["settings._level"] == [{"path": "settings.py", "line": 6}, {"path": "settings.py", "line": 10}]
    assert plans["agents._agents"] == []


def test_explain_tells_what_becomes_of_the_accesses(ambient: Path, invoke: Invoke) -> None:
    (ambient / "settings.py").write_text(SETTING, encoding="utf-8")
    assert "Makes it a Slot; rewritten with it: settings.py:6, 10.\n" in invoke("explain", "settings.py:1").stdout
    said = invoke("explain", "agents.py:1").stdout
    assert "behind the flag use_registry; its 1 access stays as it is.\n  Fix safety: A registry is a subclass of its type" in said


def test_a_thread_keeps_its_resource_unless_asked(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(RESOURCE, encoding="utf-8")
    said = " ".join(invoke("migrate").stdout.split())
    assert "stays per thread: `conn` keeps what `app.connect` makes at app.py:12; `--resources` puts it under a ThreadResource" in said
    assert (project / "app.py").read_text(encoding="utf-8") == RESOURCE
    assert "app._local -> ThreadResource app.py:3" in " ".join(invoke("migrate", "--resources").stdout.split())
    assert "    return _local.get()\n" in (project / "app.py").read_text(encoding="utf-8")
    assert invoke("check").exit_code == 0


def test_what_is_left_of_a_state_that_moves_is_told_apart(handed_over: Path, invoke: Invoke) -> None:
    said = invoke("migrate", "--plan").stdout
    assert "To decide about 1 state that moves" in said
    assert "context._request  pool.py:11  OUT207" in said
    assert "Left" not in said


@pytest.mark.parametrize(
    ("name", "said"),
    [("context._request", ""), ("context._requst", "did you mean context._request?"), ("q", "`outfall inventory` lists them.")],
)
def test_an_answer_about_no_state_is_named(name: str, said: str, ambient: Path, invoke: Invoke) -> None:
    answer = f"[tool.outfall.states]\n'{name}' = 'context'\n"
    (ambient / "pyproject.toml").write_text(answer, encoding="utf-8")
    result = invoke("migrate", "--check")
    expected = f'pyproject.toml: [tool.outfall.states]: unknown state "{name}": {said}\n' if said else ""
    assert (result.exit_code, result.stderr) == (1, expected)
    assert invoke("migrate", "--check", "agents.py").stderr == ""


def test_idiomatic_makes_values_of_attributes(ambient: Path, invoke: Invoke) -> None:
    said = " ".join(invoke("migrate", "--idiomatic").stdout.split())
    assert "context._request -> StagedContextValue context.py:3" in said
    assert '    return _request_user.get(None)\n' in (ambient / "context.py").read_text(encoding="utf-8")
    assert '"context._request_user"' in (ambient / "outfall-flags.toml").read_text(encoding="utf-8")
    assert (invoke("migrate", "--check").exit_code, invoke("check").exit_code) == (0, 0)


def test_direct_leaves_no_old_way(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate", "--direct").exit_code == 0
    text = (ambient / "agents.py").read_text(encoding="utf-8")
    assert "Registry" in text and "Staged" not in text
    assert not (ambient / "outfall-flags.toml").exists()


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        (["--only", "context"], "context.py"),
        (["--skip", "context"], "agents.py"),
        (["--only", "agents.py"], "agents.py"),
        (["agents.py"], "agents.py"),
    ],
)
def test_only_and_skip(options: list[str], changed: str, ambient: Path, invoke: Invoke) -> None:
    before = contents(ambient)
    assert invoke("migrate", *options).exit_code == 0
    after = contents(ambient)
    assert {name for name in before if after[name] != before[name]} == {changed}


def test_the_baseline_is_respected_when_asked(ambient: Path, invoke: Invoke) -> None:
    invoke("check", "--update-baseline", "--allow-growth", "first run")
    assert invoke("migrate", "--check", "--respect-baseline").exit_code == 0
    assert invoke("migrate", "--check").exit_code == 1


def test_undo_restores_byte_for_byte(ambient: Path, invoke: Invoke) -> None:
    before = contents(ambient)
    invoke("migrate")
    result = invoke("undo")
    assert (result.exit_code, "agents.py" in result.stdout) == (0, True)
    assert contents(ambient) == before


def test_undo_lists_what_it_can_take_back_and_takes_back_what_is_named(ambient: Path, invoke: Invoke) -> None:
    assert invoke("undo", "--list").stdout == "The journal holds no entry.\n"
    invoke("migrate", "agents.py")
    after_first = contents(ambient)
    invoke("migrate", "context.py")
    first, second = (line.split() for line in invoke("undo", "--list").stdout.splitlines())
    assert ((first[0][-8:], first[1:]), second[1:]) == (("-migrate", ["done", "2", "files"]), ["done", "2", "files"])
    assert invoke("undo", first[0]).exit_code == 4  # the ledger was changed again since
    assert invoke("undo", second[0]).exit_code == 0
    assert contents(ambient) == after_first
    assert [line.split()[1] for line in invoke("undo", "--list").stdout.splitlines()] == ["done", "undone"]


def test_undo_overwrites_no_later_edit(ambient: Path, invoke: Invoke) -> None:
    invoke("migrate")
    (ambient / "agents.py").write_text("edited = True\n", encoding="utf-8")
    before = contents(ambient)
    assert invoke("undo").exit_code == 4
    assert contents(ambient) == before


@pytest.mark.parametrize("arguments", [["undo"], ["undo", "20261123T101500Z-migrate"]])
def test_undo_without_such_an_entry_is_a_usage_error(arguments: list[str], project: Path, invoke: Invoke) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_the_help_lists_every_reason_that_can_be_overruled(invoke: Invoke) -> None:
    from outfall_codemods.unsafe import UNSAFE

    shown = invoke("migrate", "--help").stdout.split("Reasons for --unsafe")[1].split()
    assert [name for name in UNSAFE if name not in shown] == []
