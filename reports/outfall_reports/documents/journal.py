"""What was changed, when and by which command: `.outfall/journal/*/journal.json`."""

from __future__ import annotations

from outfall_reports.documents.plans import read_plans
from outfall_reports.fields import Field
from outfall_reports.model import ChangedFile, JournalEntry

FORMAT = "outfall-journal"
REMEDY = "Restore it from version control, or leave this entry out"
STATUSES = ("prepared", "done", "undone")


def recognises(document: dict[str, object]) -> bool:
    return document.get("format") == FORMAT


def read(root: Field) -> JournalEntry:
    """Read a journal entry; raises `ReportError`."""
    root.check_version()
    return JournalEntry(
        id=root.get("id").text(),
        command=root.get("command").text(),
        created=root.get("created").text(),
        status=root.get("status").choice(STATUSES),
        forced=root.optional_text("forced"),
        files=tuple(map(_file, root.get("files").items())),
        plans=read_plans(root.get("plans")),
    )


def _file(item: Field) -> ChangedFile:
    return ChangedFile(
        path=item.get("path").text(),
        before=_digest(item.optional("before")),
        after=_digest(item.optional("after")),
        changed_lines=item.get("changed_lines").count(),
    )


def _digest(field: Field | None) -> str | None:
    if field is None:
        return None
    digest = field.text()
    if not digest.startswith("sha256:"):
        field.fail(f'expected a digest "sha256:…", found "{digest[:60]}"')
    return digest
