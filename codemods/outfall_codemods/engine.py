"""Verify everything, then write everything or nothing.

Order: recover what a killed run left → the tree is clean → every edit verified → no file changed
since planning → journal → temporary files → renames → journal `done`. Whatever fails before the
renames leaves no trace; whatever fails or dies later is put back from the journal.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import journal, writing
from .change import ChangeSet, FileChange, diff
from .errors import CodemodError, Refused
from .journal import JournalEntry
from .verify import verify

__all__ = ["apply", "diff", "recover"]


def recover(root: Path) -> tuple[JournalEntry, ...]:
    """Put back what killed runs left half done; the entries that were restored."""
    if not (root / journal.FOLDER).is_dir():
        return ()
    with journal.locked(root):
        return journal.restore_interrupted(root)


def apply(
    changes: ChangeSet,
    root: Path,
    command: str,
    allow_dirty: bool = False,
    forced: str | None = None,
    unverified: str | None = None,
) -> JournalEntry:
    """Write all changes, or raise `CodemodError` with the tree as it was.

    `unverified` is a command that has yet to agree; `journal.settle` says that it has.
    """
    if not allow_dirty:
        require_clean(root)
    verify(changes)
    with journal.locked(root):
        journal.restore_interrupted(root)
        _require_unchanged(root, changes.changes)
        try:
            entry = journal.prepare(root, changes, command, forced, unverified)
        except OSError as error:
            raise _failed(error) from error
        try:
            _write(root, changes.changes)
            return journal.finish(root, entry, journal.DONE)
        except OSError as error:
            journal.restore(root, entry)
            raise _failed(error) from error


def require_clean(root: Path) -> None:
    """Raise `Refused` when git knows of uncommitted changes; outside git there is nothing to ask."""
    command = ("git", "status", "--porcelain", "--untracked-files=no", "--", ".")
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return
    changed = done.stdout.splitlines()
    if done.returncode == 0 and changed:
        what = f"{len(changed)} files have" if len(changed) > 1 else f"{changed[0][3:]} has"
        raise Refused(f"{what} uncommitted changes", "commit or stash them, or pass --allow-dirty")


def _require_unchanged(root: Path, changes: Sequence[FileChange]) -> None:
    seen: dict[Path, str] = {}
    for change in changes:
        writing.require_writable(root, change.path)
        real = writing.real_path(root, change.path)
        if real in seen:
            raise Refused(f"{change.path} and {seen[real]} are the same file", "exclude one of them")
        seen[real] = change.path
        if writing.read_bytes(root, change.path) != change.before:
            raise Refused(f"{change.path} changed while the rewrite was planned", "run the command again")


def _write(root: Path, changes: Sequence[FileChange]) -> None:
    prepared = []
    for change in changes:
        real = writing.real_path(root, change.path)
        prepared.append((writing.prepare(real, change.after), real))
    for new, real in prepared:
        writing.commit(new, real)


def _failed(error: OSError) -> CodemodError:
    return Refused(journal.said(error), "every file is as it was; see to that, then run the command again")
