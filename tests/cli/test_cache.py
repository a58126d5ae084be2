"""The cache of facts: a run finds what it would find without, whatever was edited and whoever asks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outfall_cli import cache

from .caching import LIB, TEXTS, essence, plain, with_cache, without_time, write
from .conftest import AMBIENT, Invoke, Run

REPOSITORY = Path(__file__).parents[2]
SNIPPETS = REPOSITORY / "tests/lint/snippets"
NAMES = ("a.py", "lib.py", "pkg/__init__.py", "pkg/a.py", "tests/test_a.py", "tools/lib.py")

edits = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(TEXTS)),
    st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("touch"), st.sampled_from(NAMES), st.just("")),
)


def edit(root: Path, what: str, name: str, other: str) -> None:
    path = root / name
    if what == "write":
        write(root, {name: other})
        os.utime(path, (1_000_000_000, 1_000_000_000))  # the time never tells
    elif path.exists() and what == "remove":
        path.unlink()
    elif path.exists() and what == "rename":
        (root / other).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / other)
    elif path.exists():
        os.utime(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(edits, max_size=4), min_size=1, max_size=6))
def test_after_any_edits_a_run_finds_what_it_would_find_without(caches: Path, rounds: list[list[tuple[str, str, str]]]) -> None:
    with TemporaryDirectory() as folder:
        root = write(Path(folder), {"a.py": AMBIENT, "lib.py": LIB})
        for edited in rounds:
            for one in edited:
                edit(root, *one)
            assert essence(with_cache(root)[0]) == plain(root)
            assert essence(with_cache(root)[0]) == plain(root)


@pytest.mark.parametrize("folder", ["lint", "codemods", "runtime", "benchmarks", "tests/lint", "cli/outfall_cli/demo_service"])
def test_cold_and_warm_runs_find_what_a_run_without_cache_finds(caches: Path, folder: str) -> None:
    root = REPOSITORY / folder
    cold, known, _ = with_cache(root)
    assert known == 0
    warm, _, unknown = with_cache(root)
    assert unknown == 0
    assert essence(cold) == essence(warm) == plain(root)


def test_of_every_snippet_the_same_is_found_cold_and_warm(caches: Path, tmp_path: Path) -> None:
    texts = [re.split(r"^### .*\n", path.read_text("utf-8"), flags=re.MULTILINE) for path in sorted(SNIPPETS.iterdir())]
    snippets = [text for file in texts for text in file[1:]]
    root = write(tmp_path / "app", {f"part{n % 7}/m{n}.py": text for n, text in enumerate(snippets)})
    cold, known, unknown = with_cache(root)
    assert (known, unknown) == (0, len(snippets))
    warm, known, unknown = with_cache(root)
    assert (known, unknown) == (len(snippets), 0)
    assert essence(cold) == essence(warm) == plain(root)


def test_with_several_processes_the_same_is_kept_and_recalled(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outfall_lint.engine._WORTH_A_POOL", 2)
    root = write(tmp_path / "app", {f"m{n}.py": AMBIENT + f"# {n}\n" for n in range(20)})
    cold, known, unknown = with_cache(root, jobs=2)
    assert (known, unknown) == (0, 20)
    write(root, {"m3.py": LIB, "m4.py": "x = 1\n", "m5.py": "def broken(:\n"})
    warm, known, unknown = with_cache(root, jobs=2)
    assert (known, unknown) == (17, 3)
    assert essence(warm) == plain(root)
    assert with_cache(root, jobs=1)[1:] == (19, 1)  # what cannot be parsed is tried again


def test_without_cache_nothing_is_written_and_nothing_read(ambient: Path, invoke: Invoke) -> None:
    for command in (["check"], ["inventory"], ["explain", "agents.py:1"], ["migrate", "--diff"], ["migrate", "--check"]):
        invoke(*command, "--no-cache")
        assert not cache.folder().exists()
    invoke("check")
    (file,) = cache.folder().iterdir()
    before = file.read_bytes()
    write(ambient, {"agents.py": AMBIENT.replace("_agents", "_others")})
    invoke("check", "--no-cache")
    assert file.read_bytes() == before


def test_every_command_says_the_same_with_and_without(ambient: Path, invoke: Invoke) -> None:
    commands = (
        ["check"], ["check", "--strict", "--format", "json"], ["inventory"], ["explain", "agents.py:5"], ["migrate", "--diff"],
        ["migrate", "--plan"], ["migrate", "--plan", "json"],
    )  # fmt: skip
    for command in commands:
        cold, warm, none = invoke(*command), invoke(*command), invoke(*command, "--no-cache")
        assert without_time(cold.output) == without_time(warm.output) == without_time(none.output)
        assert cold.exit_code == warm.exit_code == none.exit_code


def test_the_checkout_is_left_alone_and_its_copy_shares_the_cache(ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], cwd=ambient, check=True)
    write(ambient, {"agents.py": AMBIENT + "\n\ndef forget(name):\n    del _agents[name]\n"})
    found = [invoke("diff", "HEAD"), invoke("diff", "HEAD"), invoke("diff", "HEAD", "--no-cache")]
    assert len({without_time(result.output) for result in found}) == 1
    assert len(list(cache.folder().iterdir())) == 1
    assert with_cache(ambient)[2] == 0
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ambient, capture_output=True, text=True, check=True).stdout
    assert status == " M agents.py\n"


def test_text_from_stdin_is_not_kept(ambient: Path, run: Run) -> None:
    run("check")
    (file,) = cache.folder().iterdir()
    before = file.read_bytes()
    assert run("check", "--stdin-filename", "agents.py", stdin=AMBIENT.replace("_agents", "_typed")).code == 1
    assert file.read_bytes() == before


def test_runs_beside_each_other_all_find_the_same(ambient: Path, tmp_path: Path) -> None:
    write(ambient, {f"m{n}.py": AMBIENT for n in range(30)})
    command = [sys.executable, "-m", "outfall_cli", "check", "--format", "json", "-j", "2"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    said = [process.communicate() for process in runs]
    assert {without_time(out) for out, _ in said} == {without_time(subprocess.run(command, capture_output=True, text=True).stdout)}
    assert {err for _, err in said} == {""}
    assert [path.suffix for path in cache.folder().iterdir()] == [".facts"]
