"""The cache of facts: whatever happens to it, a run finds what it would find without."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outfall_cli import cache
from outfall_cli.cache import Cache, open_cache
from outfall_lint.config import Config
from outfall_lint.engine import Analysis, Memory, analyse
from outfall_lint.facts import ModuleFacts

from .conftest import AMBIENT, Invoke, Run

REPOSITORY = Path(__file__).parents[2]
SNIPPETS = REPOSITORY / "tests/lint/snippets"
LIB = "STATE = {}\ndef get(k): return STATE[k]\n"
TEXTS = (
    AMBIENT,
    AMBIENT.replace("_agents", "_guests"),  # of the same size
    LIB,
    "import lib\ndef put(k, v): lib.STATE[k] = v\n",
    "from lib import STATE\ndef put(k, v): STATE[k] = v\n",
    "from a import *\n",
    "x = 1\n",
    "def broken(:\n",
    "",
)
NAMES = ("a.py", "lib.py", "pkg/__init__.py", "pkg/a.py", "tests/test_a.py", "tools/lib.py")


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(cache.FOLDER, str(folder))
    return folder


class Counting:
    """A cache that tells what it was asked."""

    def __init__(self, inner: Memory) -> None:
        self.inner, self.known, self.unknown = inner, 0, 0

    def recall(self, key: str, own: frozenset[str]) -> ModuleFacts | None:
        facts = self.inner.recall(key, own)
        self.known += facts is not None
        self.unknown += facts is None
        return facts

    def keep(self, key: str, own: frozenset[str], facts: ModuleFacts) -> None:
        self.inner.keep(key, own, facts)


def with_cache(root: Path, jobs: int = 1) -> tuple[Analysis, int, int]:
    """What is found, how many files were known and how many not."""
    opened = open_cache(root)
    assert opened is not None
    counting = Counting(opened)
    analysis = analyse(["."], Config(), root, memory=counting, jobs=jobs)
    opened.save()
    return analysis, counting.known, counting.unknown


def essence(analysis: Analysis) -> tuple[object, ...]:
    """All of an analysis but the time that it took."""
    return analysis.modules, analysis.states, analysis.findings, analysis.problems, analysis.files, analysis.suppressed


def plain(root: Path) -> tuple[object, ...]:
    return essence(analyse(["."], Config(), root))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


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


def test_a_new_module_leaves_the_others_known(caches: Path, tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT, "b.py": TEXTS[3]})
    with_cache(root)
    assert with_cache(write(root, {"c.py": "x = 1\n"}))[1:] == (2, 1)
    analysis, known, _ = with_cache(write(root, {"lib.py": LIB}))
    assert known == 2  # but not b.py, which writes to `lib`
    assert essence(analysis) == plain(root)


def test_of_each_path_the_latest_other_version_stays_known(caches: Path, tmp_path: Path) -> None:
    root = tmp_path / "app"
    first, second, third = (AMBIENT.replace("_agents", name) for name in ("_one", "_two", "_six"))
    for text, known in ((first, 0), (second, 0), (first, 1), (second, 1), (third, 0), (second, 1), (first, 0)):
        assert with_cache(write(root, {"a.py": text}))[1] == known


def test_what_was_not_met_for_long_is_forgotten(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT, "b.py": LIB})
    other = write(tmp_path / "other", {"a.py": AMBIENT})
    with_cache(root), with_cache(other)
    assert len(list(caches.iterdir())) == 2
    for path in caches.iterdir():
        os.utime(path, (time.time() - 31 * 86_400,) * 2)
    now = time.time()
    monkeypatch.setattr("outfall_cli.cache.time.time", lambda: now + 31 * 86_400)
    (root / "b.py").unlink()
    assert with_cache(write(root, {"a.py": "x = 1\n"}))[1] == 0
    (file,) = caches.iterdir()
    assert file.read_bytes().count(b"\n") == 1


def test_the_least_recently_used_projects_make_room(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots = [write(tmp_path / f"app{n}", {"a.py": AMBIENT}) for n in range(4)]
    for age, root in enumerate(roots):
        with_cache(root)
        for path in caches.iterdir():
            os.utime(path, (path.stat().st_mtime - 100,) * 2)
    size = max(path.stat().st_size for path in caches.iterdir())
    monkeypatch.setattr(cache, "LARGEST", 3 * size)
    with_cache(write(roots[3], {"b.py": "x = 1\n"}))
    assert [with_cache(root)[1] for root in (roots[3], roots[2])] == [2, 1]
    assert sum(path.stat().st_size for path in caches.iterdir()) <= 3 * size
    monkeypatch.setattr(cache, "LARGEST", 10)
    assert with_cache(roots[0])[1] == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_changes_nothing(caches: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        root = write(Path(folder), {"a.py": AMBIENT, "b.py": TEXTS[3], "lib.py": LIB})
        with_cache(root)
        (file,) = (path for path in caches.iterdir() if path.name.startswith(project_of(root)))
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged = data.draw(st.sampled_from([whole[:at], whole[at:], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole * 2]))
        damaged += data.draw(st.binary(max_size=80))
        file.write_bytes(damaged)
        assert essence(with_cache(root)[0]) == plain(root)
        assert with_cache(root)[1] == 3


def project_of(root: Path) -> str:
    opened = open_cache(root)
    assert isinstance(opened, Cache)
    return opened._file.name.partition("-")[0]


def test_a_foreign_file_is_no_cache(caches: Path, tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT})
    with_cache(root)
    (file,) = caches.iterdir()
    body = b"0" * 40 + b" 1 " + b'["not", {"facts": 1}]'
    file.write_bytes(cache._check(body) + b" " + body + b"\n" + b"\0" * 1000)
    assert essence(with_cache(root)[0]) == plain(root)
    file.unlink()
    file.mkdir()
    assert essence(analyse(["."], Config(), root, memory=open_cache(root))) == plain(root)


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EOPNOTSUPP])
@pytest.mark.parametrize("step", ["cache.os.replace", "cache.NamedTemporaryFile"])
def test_what_cannot_be_written_is_not_kept(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, step: str, failure: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(failure, os.strerror(failure))

    monkeypatch.setattr(f"outfall_cli.{step}", fail)
    found, known = invoke("check", "--format", "json"), invoke("check", "--no-cache", "--format", "json")
    assert without_time(found.output) == without_time(known.output)
    assert list(cache.folder().iterdir()) == []


def without_time(text: str) -> str:
    return re.sub(r'in [\d.]+ s \([^)]*\)|"(?:seconds|files_per_second)": [\d.]+', "", text)


def test_a_folder_that_others_can_write_to_is_not_used(ambient: Path, invoke: Invoke) -> None:
    folder = cache.folder()
    folder.mkdir()
    folder.chmod(0o777)
    assert invoke("check").exit_code == 1
    assert list(folder.iterdir()) == []
    assert f"not used: {folder}: others may write to it" in invoke("doctor").output
    folder.chmod(0o700)
    assert invoke("check").exit_code == 1
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o666)
    assert open_cache(ambient)._lines == {}  # type: ignore[union-attr]


def test_a_folder_of_another_user_is_not_used(ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke("check")
    monkeypatch.setattr("outfall_cli.cache.os.geteuid", lambda: os.getuid() + 1)
    assert open_cache(ambient) is None
    assert "it belongs to another user" in invoke("doctor").output


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/nowhere"])
def test_no_folder_no_cache(ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    expected = without_time(invoke("check", "--no-cache").output)
    monkeypatch.setenv(cache.FOLDER, place)
    assert without_time(invoke("check").output) == expected
    assert "not used" in invoke("doctor").output


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


def test_doctor_says_where_it_is_and_how_large(ambient: Path, invoke: Invoke) -> None:
    invoke("check")
    (line,) = [line for line in invoke("doctor").output.splitlines() if " cache " in line]
    assert line.split() == ["ok", "cache", f"{cache.folder()}:", "1", "project,", "0.0", "MB"]


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.FOLDER)
    assert cache.folder().name == "outfall"
    monkeypatch.setenv(cache.FOLDER, "/somewhere/else")
    assert cache.folder() == Path("/somewhere/else")
