"""The journal: what a run was about to write, kept so that it can be taken back.

An entry is a folder `.outfall/journal/<time>-<command>/` with `journal.json` and, under
`before/`, every file as it was. The folder appears in one rename, complete; its status goes
`prepared` → `done` → `undone`. A `prepared` entry that nobody holds the lock for belongs to a run
that was killed: `recover` puts its files back.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import writing
from .change import ChangeSet, FileChange, changed_lines, digest
from .errors import Refused, UsageError
from .plan import Json

FOLDER = Path(".outfall") / "journal"
PREPARED, DONE, UNDONE = "prepared", "done", "undone"


@dataclass(frozen=True, slots=True)
class JournalFile:
    """One file of an entry. `before` is None where the run created the file."""

    path: str
    before: str | None
    after: str
    mode: int | None
    changed_lines: int


@dataclass(frozen=True)
class JournalEntry:
    """One run: its files' digests before and after, and the plans it carried out."""

    id: str
    command: str
    created: str
    status: str
    forced: str | None
    files: tuple[JournalFile, ...]
    plans: tuple[Json, ...] = ()
    unverified: str | None = None  # the user's command that has not agreed yet

    def to_json(self) -> Json:
        return {"format": "outfall-journal", "version": 1, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> JournalEntry:
        files = tuple(JournalFile(**file) for file in data["files"])
        plain = {key: data[key] for key in ("id", "command", "created", "status", "forced")}
        return cls(**plain, files=files, plans=tuple(data["plans"]), unverified=data.get("unverified"))


def prepare(
    root: Path, changes: ChangeSet, command: str, forced: str | None, unverified: str | None = None
) -> JournalEntry:
    """Write the entry, with the files as they are, before any of them is touched."""
    now = datetime.now(timezone.utc)
    entry = JournalEntry(
        id=_free_id(root, f"{now:%Y%m%dT%H%M%S}Z-{command}"),
        command=command,
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        status=PREPARED,
        forced=forced,
        files=tuple(_described(root, change) for change in changes.changes),
        plans=tuple(plan.to_json() for plan in changes.plans),
        unverified=unverified,
    )
    building = root / FOLDER / f".{entry.id}"
    try:
        building.mkdir(parents=True)
        for change in changes.changes:
            if change.before is not None:
                writing.replace(building / "before" / change.path, change.before, mode=0o600)
        _write(building, entry)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        raise
    os.replace(building, root / FOLDER / entry.id)
    with suppress(OSError):  # it is there; what follows says whether the disk is fit to be written
        writing.sync_folder(root / FOLDER)
    return entry


def finish(root: Path, entry: JournalEntry, status: str) -> JournalEntry:
    """Record the entry's new status."""
    finished = replace(entry, status=status)
    _write(root / FOLDER / entry.id, finished)
    return finished


def settle(root: Path, id: str) -> None:
    """Record that no command has to agree to the entry any more."""
    with locked(root):
        for entry in entries(root):
            if entry.id == id:
                _write(root / FOLDER / id, replace(entry, unverified=None))


def unverified(root: Path) -> list[JournalEntry]:
    """The runs that stand although their command did not agree, or was killed before it could."""
    return [entry for entry in entries(root) if entry.status == DONE and entry.unverified]


def entries(root: Path) -> list[JournalEntry]:
    """All entries, oldest first; raise `UsageError` for one that cannot be read."""
    return [_read(folder) for folder in sorted((root / FOLDER).glob("[0-9]*")) if folder.is_dir()]


def undo(root: Path, id: str | None = None) -> JournalEntry:
    """Put back the files of entry `id`, or of the last one that stands.

    Raises `UsageError` for an unknown entry and `Refused`, with nothing changed, where a file is
    no longer as the run left it.
    """
    with locked(root):
        restore_interrupted(root)
        entry = _chosen(root, id)
        for file in entry.files:
            now = writing.read_bytes(root, file.path)
            if now is None or digest(now) != file.after:
                raise Refused(
                    f"{file.path} was changed after {entry.id}", "undo that change first, or restore the file by hand"
                )
        try:
            finish(root, entry, PREPARED)
        except OSError as error:
            raise Refused(said(error), "nothing was undone; see to that, then run it again") from error
        return restore(root, entry)


def restore(root: Path, entry: JournalEntry) -> JournalEntry:
    """Put back every file of the entry that holds what the run wrote; others are left alone.

    Raises `Refused` where a file cannot be put back; the entry then stays `prepared`, and the next
    run tries again. A status that cannot be recorded is no fault: restoring twice changes nothing.
    """
    try:
        for file in entry.files:
            _put_back(root, entry, file)
    except OSError as error:
        raise Refused(
            f"{said(error)}, so not every file could be put back", "see to that, then run `outfall undo` to go on"
        ) from error
    try:
        return finish(root, entry, UNDONE)
    except OSError:
        return replace(entry, status=UNDONE)


def _put_back(root: Path, entry: JournalEntry, file: JournalFile) -> None:
    """Take away the temporary file first: on a full disk that is the room which the rest needs."""
    real = writing.real_path(root, file.path)
    writing.leftover(real).unlink(missing_ok=True)
    now = writing.read_bytes(root, file.path)
    if now is None or digest(now) != file.after:
        return
    if file.before is None:
        real.unlink()
        return
    saved = root / FOLDER / entry.id / "before" / file.path
    try:
        writing.replace(real, saved.read_bytes(), file.mode)
    except OSError:
        writing.leftover(real).unlink(missing_ok=True)
        writing.move(saved, real, file.mode)


def said(error: OSError) -> str:
    """What the system says, with the file it speaks of."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def restore_interrupted(root: Path) -> tuple[JournalEntry, ...]:
    """Restore the entries of killed runs; the caller holds the lock."""
    for unfinished in (root / FOLDER).glob(".[0-9]*"):
        shutil.rmtree(unfinished)
    return tuple(restore(root, entry) for entry in entries(root) if entry.status == PREPARED)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the project's journal; raise `Refused` while another run holds it."""
    folder = root / FOLDER.parent
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        lock = open(folder / "lock", "a+b")
    except OSError as error:
        raise Refused(said(error), "outfall keeps its journal there and changes nothing without one") from error
    with lock as file:
        if not _lock(file.fileno()):
            raise Refused("another outfall run is writing in this project", "wait until it has ended")
        yield


def _lock(handle: int) -> bool:
    """Lock until the file is closed or the process dies. Without `fcntl` there is no lock."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _described(root: Path, change: FileChange) -> JournalFile:
    real = writing.real_path(root, change.path)
    mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else None
    before = None if change.before is None else digest(change.before)
    count = changed_lines(_latin(change.before or b""), _latin(change.after))
    return JournalFile(change.path, before, digest(change.after), mode, count)


def _latin(data: bytes) -> str:
    """Any bytes as text of the same lines: for counting only."""
    return data.decode("latin-1")


def _chosen(root: Path, id: str | None) -> JournalEntry:
    known = entries(root)
    if id is not None:
        found = next((entry for entry in known if entry.id == id), None)
        if found is None:
            ids = ", ".join(entry.id for entry in known) or "none"
            raise UsageError(f"there is no journal entry {id}", f"known entries: {ids}")
        if found.status != DONE:
            raise UsageError(f"journal entry {id} is {found.status}", "only a finished run can be undone")
        return found
    standing = [entry for entry in known if entry.status == DONE]
    if not standing:
        raise UsageError("there is nothing to undo", f"the journal in {FOLDER} holds no finished run")
    return standing[-1]


def _free_id(root: Path, wanted: str) -> str:
    number = 1
    name = wanted
    while (root / FOLDER / name).exists():
        number += 1
        name = f"{wanted}-{number:02}"
    return name


def _write(folder: Path, entry: JournalEntry) -> None:
    text = json.dumps(entry.to_json(), indent=2, ensure_ascii=False) + "\n"
    writing.replace(folder / "journal.json", text.encode("utf-8"))


def _read(folder: Path) -> JournalEntry:
    path = folder / "journal.json"
    try:
        return JournalEntry.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not a journal entry ({error})", "move its folder away") from error
