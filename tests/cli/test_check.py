"""`outfall check`, `diff`, `explain`, `inventory`, `rules`: what is found, and how it is told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Invoke, Run

CLEAN = "LIMITS = {'a': 1}\n\n\ndef limit(name):\n    return LIMITS[name]\n"
WRITER = "\n\ndef forget(name):\n    _agents.pop(name)\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=someone", "-c", "user.email=someone@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_clean_code_is_no_finding(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(CLEAN, encoding="utf-8")
    result = invoke("check", "--strict")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "No findings." in result.stdout


def test_findings_are_told_with_their_lines(ambient: Path, invoke: Invoke) -> None:
    result = invoke("check")
    assert result.exit_code == 1
    for expected in ("agents.py:1:1", "_agents = {}", "OUT201", "2 findings", "files/s"):
        assert expected in result.stdout


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (["--select", "OUT2"], {"OUT201"}),
        (["--ignore", "out201"], {"OUT101"}),
        (["--min-priority", "critical"], {"OUT201"}),
        (["agents.py"], {"OUT101"}),
        (["-j", "0"], {"OUT101", "OUT201"}),
    ],
)
def test_options_narrow_what_is_found(
    options: list[str], codes: set[str], ambient: Path, invoke: Invoke
) -> None:
    result = invoke("check", "--format", "json", *options)
    assert {finding["code"] for finding in json.loads(result.stdout)["findings"]} == codes


def test_paths_are_as_seen_from_the_current_folder(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ambient / "sub").mkdir()
    monkeypatch.chdir(ambient / "sub")
    assert invoke("check", "../agents.py", "--format", "oneline").stdout.startswith("agents.py:1:1: OUT101 ")


def test_one_file_comes_on_stdin(project: Path, run: Run) -> None:
    text = "_agents = {}\n\n\ndef register(name):\n    _agents[name] = name\n"
    done = run("check", "--stdin-filename", "app/agents.py", "--format", "oneline", stdin=text)
    assert done.code == 1
    assert done.out.startswith("app/agents.py:1:1: OUT101 ")
    assert run("check", "-", "--stdin-filename", "app/agents.py", "--format", "oneline", stdin=text).out == done.out


def test_the_baseline_grows_only_with_a_reason(ambient: Path, invoke: Invoke) -> None:
    assert invoke("check", "--allow-growth", "no").exit_code == 2
    assert invoke("check", "--update-baseline").exit_code == 0
    assert invoke("check").exit_code == 1
    assert invoke("check", "--update-baseline", "--allow-growth", "first run").exit_code == 0
    assert invoke("check").exit_code == 0


def test_a_new_writer_to_an_accepted_state_is_a_finding(ambient: Path, invoke: Invoke) -> None:
    invoke("check", "--update-baseline", "--allow-growth", "first run")
    append(ambient / "agents.py", WRITER)
    result = invoke("check", "--format", "oneline")
    assert result.exit_code == 1
    assert result.stdout.count("OUT") == 1


def test_what_is_mended_is_named_until_the_baseline_shrinks(ambient: Path, invoke: Invoke) -> None:
    invoke("check", "--update-baseline", "--allow-growth", "first run")
    (ambient / "agents.py").write_text(CLEAN, encoding="utf-8")
    result = invoke("check")
    assert (result.exit_code, "1 entry mended" in result.stderr) == (0, True)
    assert "1 entry, before 2" in invoke("check", "--update-baseline").stdout
    assert invoke("check").stderr == ""


@pytest.mark.parametrize("narrowed", [["context.py"], ["--select", "OUT201"], ["--ignore", "OUT101"]])
def test_what_is_not_looked_at_is_not_called_mended(narrowed: list[str], ambient: Path, invoke: Invoke) -> None:
    assert invoke("check", "--update-baseline", "--allow-growth", "first run").exit_code == 0
    result = invoke("check", *narrowed)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_baseline_is_looked_for_in_the_current_folder(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ambient / "inner").mkdir()
    monkeypatch.chdir(ambient / "inner")
    assert invoke("check", "--baseline", "b.json", "--update-baseline", "--allow-growth", "first").exit_code == 0
    assert (ambient / "inner" / "b.json").exists()
    assert invoke("check", "--baseline", "b.json").exit_code == 0


def test_a_baseline_is_not_renewed_while_a_file_cannot_be_read(ambient: Path, invoke: Invoke) -> None:
    (ambient / "broken.py").write_text("def (", encoding="utf-8")
    assert invoke("check", "--update-baseline", "--allow-growth", "first run").exit_code == 3
    assert not (ambient / ".outfall-baseline.json").exists()


def test_diff_reports_nothing_that_was_there_before(ambient: Path, invoke: Invoke) -> None:
    commit(ambient)
    append(ambient / "agents.py", "\n\nLIMIT = 3\n")
    assert invoke("diff", "HEAD").exit_code == 0


def test_diff_reports_what_came_in(ambient: Path, invoke: Invoke) -> None:
    commit(ambient)
    append(ambient / "agents.py", WRITER)
    result = invoke("diff", "HEAD", "--format", "oneline")
    assert result.exit_code == 1
    assert result.stdout.startswith("agents.py:1:1: OUT101") and "OUT201" not in result.stdout


def test_diff_needs_a_repository_and_a_revision_in_it(ambient: Path, invoke: Invoke) -> None:
    outside = invoke("diff", "HEAD")
    assert (outside.exit_code, "not a git repository" in outside.stderr) == (2, True)
    git(ambient, "init", "-q")
    unborn = invoke("diff", "HEAD")
    assert (unborn.exit_code, "there is none yet" in unborn.stderr) == (2, True)
    commit(ambient)
    unknown = invoke("diff", "HAED")
    assert (unknown.exit_code, "did you mean HEAD?" in unknown.stderr) == (2, True)


def test_diff_leaves_the_index_alone(ambient: Path, invoke: Invoke) -> None:
    commit(ambient)
    append(ambient / "agents.py", WRITER)
    git(ambient, "add", "-A")
    before = (ambient / ".git" / "index").read_bytes()
    invoke("diff", "HEAD")
    assert (ambient / ".git" / "index").read_bytes() == before


def test_explain_a_place_that_is_none(ambient: Path, invoke: Invoke) -> None:
    assert "nothing ambient" in invoke("explain", "agents.py:2").stdout
    assert invoke("explain", "nowhere.py:2").exit_code == 2


def test_explain_a_place_says_what_migrate_would_do(ambient: Path, invoke: Invoke) -> None:
    result = invoke("explain", "context.py:3")
    assert result.exit_code == 0, result.output
    assert "context._request" in result.stdout
    assert "StagedContextLocal" in result.stdout


def test_explain_says_what_is_left_of_a_state_that_moves(handed_over: Path, invoke: Invoke) -> None:
    said = invoke("explain", "pool.py:11").stdout
    assert "Makes it a StagedContextLocal" in said
    assert "  Leaves OUT207 to you: " in said
    assert "as it is:" not in said
    assert max(map(len, said.partition("What outfall migrate does")[2].splitlines())) <= 100


@pytest.mark.parametrize("name", ["OUT101", "out101", "module-mapping"])
def test_explain_a_rule_by_code_or_name(name: str, project: Path, invoke: Invoke) -> None:
    result = invoke("explain", name)
    assert result.exit_code == 0
    assert result.stdout.startswith("OUT101 module-mapping")


def test_inventory_leaves_constants_out(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(CLEAN, encoding="utf-8")
    assert json.loads(invoke("inventory", "--format", "json").stdout) == {"version": 1, "states": []}
    assert invoke("inventory").stdout == "No state outlives the functions that use it.\n"


INSTANCE = "import threading\n\n\nclass Pool:\n    def __init__(self):\n        self._l = threading.local()\n\n"
SUBCLASS = "import threading\n\n\nclass Current(threading.local):\n    user = None\n\n"
SET = "    def enter(self, user):\n        self{}.user = user\n"


@pytest.mark.parametrize(
    ("code", "state"), [(INSTANCE + SET.format("._l"), "app.Pool._l"), (SUBCLASS + SET.format(""), "app.Current")]
)
def test_inventory_lists_what_a_rule_objects_to(code: str, state: str, project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(code, encoding="utf-8")
    assert state in [row["state"] for row in json.loads(invoke("inventory", "--format", "json").stdout)["states"]]


def test_inventory_lists_instances_that_the_runtime_keeps(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(INSTANCE + SET.format("._l"), encoding="utf-8")
    assert invoke("migrate").exit_code == 0
    rows = json.loads(invoke("inventory", "--format", "json").stdout)["states"]
    assert [(row["state"], row["rollout"]) for row in rows] == [("app.Pool._l", "staged")]


def test_inventory_leaves_fields_of_instances_out(project: Path, invoke: Invoke) -> None:
    fields = "from typing import NamedTuple\n\n\nclass Box(NamedTuple):\n    content: list\n\n    def put(self, new):\n"
    (project / "app.py").write_text(f"{fields}        self.content.append(new)\n", encoding="utf-8")
    assert json.loads(invoke("inventory", "--format", "json").stdout) == {"version": 1, "states": []}


def test_a_state_without_accesses_is_shown_without_a_count(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text("def put(key, seen=[]):\n    seen.append(key)\n    return seen\n", encoding="utf-8")
    assert "│   app.put.seen\n" in invoke("check").stdout


def test_explain_a_place_says_when_its_accesses_are_rewritten(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text("_mode = 1\n\n\ndef turn():\n    global _mode\n    _mode = 2\n", encoding="utf-8")
    said = invoke("explain", "app.py:1").stdout
    assert "Makes it a Slot; rewritten with it: app.py:6." in said


def test_inventory_lists_migrated_states_too(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate").exit_code == 0
    assert invoke("check").exit_code == 0
    listed = json.loads(invoke("inventory", "--format", "json").stdout)["states"]
    assert [(s["state"], s["kind"], s["rollout"], s["flag"]) for s in listed] == [
        ("agents._agents", "registry", "staged", "use_registry"),
        ("context._request", "context", "staged", "use_context"),
    ]


def test_inventory_says_how_far_each_state_is(ambient: Path, invoke: Invoke) -> None:
    assert {line.split()[2] for line in invoke("inventory").stdout.splitlines()[1:]} == {"ambient"}
    assert invoke("migrate", "--direct").exit_code == 0
    assert {line.split()[2] for line in invoke("inventory").stdout.splitlines()[1:]} == {"moved"}


def test_inventory_leaves_out_what_nothing_changes(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text("class A:\n    size = 1\n\n    def grow(self):\n        self.size += 1\n", encoding="utf-8")
    assert invoke("inventory").stdout == "No state outlives the functions that use it.\n"


def test_rules_lists_each_rule_once(project: Path, invoke: Invoke) -> None:
    listed = [rule["code"] for rule in json.loads(invoke("rules", "--format", "json").stdout)["rules"]]
    assert {"OUT101", "OUT104", "OUT201"} <= set(listed)
    assert [line.split()[0] for line in invoke("rules").stdout.splitlines()] == listed == sorted(set(listed))


def test_a_folder_without_python_is_said_to_be_one(project: Path, invoke: Invoke) -> None:
    (project / "docs").mkdir()
    result = invoke("check", "docs")
    assert (result.exit_code, "no Python file to check" in result.stderr) == (0, True)


def test_a_folder_that_is_named_is_looked_into_whatever_it_is_called(project: Path, invoke: Invoke) -> None:
    hidden = project / ".cache" / "app"
    hidden.mkdir(parents=True)
    (hidden / "table.py").write_text("_seen = []\n\ndef see(x):\n    _seen.append(x)\n", encoding="utf-8")
    assert "OUT102" not in invoke("check").stdout
    assert "OUT102" in invoke("check", ".cache/app").stdout
