"""Everything or nothing: undo byte for byte, refusals that touch nothing (kills and full disks have files of their own)."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from outfall_codemods import engine, journal
from outfall_codemods.change import ChangeSet, FileChange
from outfall_codemods.errors import Refused, UsageError, VerificationFailed

if TYPE_CHECKING:
    from .conftest import Project

TABLE = "X = {}\n\n\ndef put(k, v):\n    X[k] = v\n"


def applied(project: Project) -> journal.JournalEntry:
    return engine.apply(project.migration(), project.root, "migrate")


def test_undo_restores_the_tree_byte_for_byte(project: Project) -> None:
    project.write("app.py", TABLE)
    before = project.bytes()
    entry = applied(project)
    assert entry.status == "done" and project.bytes() != before
    assert journal.undo(project.root, entry.id).status == "undone"
    assert project.bytes() == before


def test_a_second_migrate_is_a_noop(project: Project) -> None:
    project.write("app.py", TABLE)
    applied(project)
    assert project.migration().changes == ()


def test_undo_refuses_files_edited_since(project: Project) -> None:
    path = project.write("app.py", TABLE)
    applied(project)
    path.write_text(path.read_text() + "# mine\n")
    before = project.bytes()
    with pytest.raises(Refused, match=r"app\.py was changed after"):
        journal.undo(project.root)
    assert project.bytes() == before


def test_undo_names_what_it_cannot_find(project: Project) -> None:
    with pytest.raises(UsageError, match="nothing to undo"):
        journal.undo(project.root)
    with pytest.raises(UsageError, match="no journal entry nope"):
        journal.undo(project.root, "nope")


def test_a_file_changed_since_planning_stops_everything(project: Project) -> None:
    project.write("app.py", TABLE)
    project.write("web.py", TABLE)
    plan = project.migration()
    project.write("web.py", TABLE + "# newer\n")
    before = project.bytes()
    with pytest.raises(Refused, match=r"web\.py changed while"):
        engine.apply(plan, project.root, "migrate")
    assert project.bytes() == before


def test_a_read_only_file_stops_everything(project: Project) -> None:
    project.write("app.py", TABLE).chmod(0o444)
    with pytest.raises(Refused, match="read-only"):
        applied(project)
    assert project.bytes() == {"app.py": TABLE.encode()}


def test_a_link_out_of_the_project_is_refused(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "shared.py"
    outside.write_text(TABLE)
    (project.root / "app.py").symlink_to(outside)
    with pytest.raises(Refused, match="outside the project"):
        applied(project)
    assert outside.read_text() == TABLE


def test_links_and_permissions_stay(project: Project) -> None:
    project.write("real/store.txt", TABLE).chmod(0o750)
    (project.root / "app.py").symlink_to("real/store.txt")
    applied(project)
    assert (project.root / "app.py").is_symlink()
    real = project.root / "real/store.txt"
    assert "StagedRegistry" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o750


def test_uncommitted_changes_are_refused_unless_allowed(project: Project) -> None:
    path = project.write("app.py", TABLE)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
    for step in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *step], cwd=project.root, check=True)
    path.write_text(TABLE + "# mine\n")
    with pytest.raises(Refused, match=r"app\.py has uncommitted changes"):
        applied(project)
    assert engine.apply(project.migration(), project.root, "migrate", allow_dirty=True).status == "done"


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        (b"def broken(:\n", "would not parse"),
        (b"a = 1\r\nb = 2\n", "line ends"),
        (b"a = 1\nb = 2", "last line"),
        (b"a = missing\nb = 2\n", "missing undefined"),
        (b"a = 1\nb = 3\n", "lines 2 to 2, which no plan covers"),
    ],
)
def test_an_edit_that_breaks_a_promise_is_never_written(project: Project, after: bytes, complaint: str) -> None:
    project.write("app.py", "a = 1\nb = 2\n")
    change = FileChange("app.py", b"a = 1\nb = 2\n", after, ((1, 1),))
    with pytest.raises(VerificationFailed, match=complaint):
        engine.apply(ChangeSet((change,)), project.root, "migrate")
    assert project.bytes() == {"app.py": b"a = 1\nb = 2\n"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
    ended=st.booleans(),
    extra=st.sampled_from(["", "\x0c", "# é", "s = 'é\\x0c'", "if X:\n\tY = 1"]),
)
def test_bytes_outside_the_edit_are_kept(project: Project, newline: str, encoding: str, ended: bool, extra: str) -> None:
    assume(newline != "\r" or encoding != "latin-1")  # Python itself finds no cookie in such a file
    cookie = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
    text = f"{cookie}{extra}\n{TABLE}" + ("" if ended else "z = 1")
    stock = text.replace("\n", newline).encode(encoding)
    project.write("app.py", stock)
    change = next(c for c in project.migration().changes if c.path == "app.py")
    expected = text.replace("X = {}", 'X = StagedRegistry("app.X", {})').replace("\n", newline)
    kept = [line for line in change.after.decode(encoding).split(newline) if "from outfall_runtime" not in line and line]
    assert kept == [line for line in expected.split(newline) if line]
