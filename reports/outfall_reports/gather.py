"""From files, or from one mapping of parsed documents, to `ReportData`.

A document is recognised by what it holds, never by its file name. A check, an inventory, a plan
document and a ledger may be given once; journal entries, evidence and load tests any number of
times, diagnostics once for each process (the newest counts).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from outfall_reports.documents import check, diagnostics, evidence, inventory, journal, ledger, load, plans
from outfall_reports.errors import ReportError
from outfall_reports.fields import Field
from outfall_reports.model import MODES, Diagnosis, ReportData, Rollout


@dataclass(frozen=True, slots=True)
class _DocumentType:
    """How to recognise one type of document, what to call it, and how to get it right."""

    key: str
    title: str
    recognises: Callable[[dict[str, object]], bool]
    remedy: str


_TYPES = (
    _DocumentType("evidence", "evidence", evidence.recognises, evidence.REMEDY),
    _DocumentType("journal", "a journal entry", journal.recognises, journal.REMEDY),
    _DocumentType("check", "a check", check.recognises, check.REMEDY),
    _DocumentType("plans", "a plan document", plans.recognises, plans.REMEDY),
    _DocumentType("inventory", "an inventory", inventory.recognises, inventory.REMEDY),
    _DocumentType("flags", "a ledger", ledger.recognises, ledger.REMEDY),
    _DocumentType("load", "a load test", load.recognises, load.REMEDY),
    _DocumentType("diagnostics", "diagnostics", diagnostics.recognises, diagnostics.REMEDY),
)
_KEYS = tuple(each.key for each in _TYPES)
_SETTINGS = ("project", "rollout")


def load_documents(
    paths: Iterable[Path | str], *, project: str = "", rollout: Rollout | None = None
) -> ReportData:
    """Read the files of `paths` into one `ReportData`.

    A `.toml` file is read as TOML (the ledger), everything else as JSON. Raises `ReportError`
    for a file that cannot be read, is none of the known documents, is of a newer version, or
    repeats a document that may be given once.
    """
    found = (_recognised(value, str(path)) for path in paths for value in _documents(Path(path)))
    return _assemble(found, project, rollout or Rollout())


def data_from_mapping(documents: Mapping[str, object]) -> ReportData:
    """Read a mapping of parsed documents into one `ReportData`; raises `ReportError`.

    Keys: `check`, `inventory`, `plans`, `flags` (one document each), `journal`, `evidence`,
    `load`, `diagnostics` (one document or a list of them), `project` (its name), `rollout`
    (`{"dwell_hours": 48, "processes": ["web-1"]}`). A key may be absent or `None`.
    """
    for key in documents:
        if key not in _KEYS and key not in _SETTINGS:
            known = ", ".join((*_KEYS, *_SETTINGS))
            raise ReportError(str(key), "", "no such document", f"Known are: {known}")
    project = documents.get("project") or ""
    return _assemble(
        _named(documents), Field(project, "project").text(), _rollout(documents.get("rollout"))
    )


def _named(documents: Mapping[str, object]) -> Iterator[tuple[str, Field]]:
    for each in _TYPES:
        value = documents.get(each.key)
        if isinstance(value, list | tuple):
            for index, document in enumerate(value):
                yield each.key, Field(document, f"{each.key}[{index}]", remedy=each.remedy)
        elif value is not None:
            yield each.key, Field(value, each.key, remedy=each.remedy)


def _rollout(value: object) -> Rollout:
    if value is None:
        return Rollout()
    root = Field(value, "rollout", remedy="See [tool.outfall.rollout] in the configuration")
    hours, processes, accepted = root.optional("dwell_hours"), root.optional("processes"), root.optional("accepted")
    return Rollout(
        dwell_hours=Rollout().dwell_hours if hours is None else hours.amount(),
        processes=() if processes is None else tuple(name.text() for name in processes.items()),
        accepted={} if accepted is None else {name: reason.text() for name, reason in accepted.members()},
    )


def _documents(path: Path) -> list[object]:
    """The documents of one file: a JSON array holds several (load tests before and after)."""
    value = _parsed(path)
    return value if isinstance(value, list) else [value]


def _parsed(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8-sig")
        value: object = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        problem, remedy = f"cannot be read ({error.strerror})", "Check the path and its permissions"
        raise ReportError(str(path), "", problem, remedy) from error
    except UnicodeDecodeError as error:
        raise ReportError(
            str(path), f"byte {error.start}", "not UTF-8 text", "Give a JSON document"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ReportError(str(path), "", f"not TOML: {error}", "Correct the file") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        remedy = "Write the document again; it may have been cut short"
        raise ReportError(str(path), place, f"not JSON: {error.msg}", remedy) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, endless nesting
        raise ReportError(
            str(path), "", f"cannot be read ({error})", "Give a document that outfall wrote"
        ) from error
    return value


def _recognised(value: object, source: str) -> tuple[str, Field]:
    if isinstance(value, dict):
        for each in _TYPES:
            if each.recognises(value):
                return each.key, Field(value, source, remedy=each.remedy)
    declared = value.get("format") if isinstance(value, dict) else None
    problem = f'format "{declared}" is not known here' if declared else "not a document of outfall"
    known = ", ".join(each.title for each in _TYPES)
    raise ReportError(source, "", problem, f"A report can show: {known}")


def _assemble(found: Iterable[tuple[str, Field]], project: str, rollout: Rollout) -> ReportData:
    fields: dict[str, list[Field]] = {key: [] for key in _KEYS}
    for key, field in found:
        fields[key].append(field)
    checked = _at_most_one(fields["check"])
    planned = _at_most_one(fields["plans"])
    listed = _at_most_one(fields["inventory"])
    flagged = _at_most_one(fields["flags"])
    entries = sorted(map(journal.read, fields["journal"]), key=lambda entry: (entry.created, entry.id))
    processes = [process for field in fields["evidence"] for process in evidence.read(field)]
    accepted = {name: reason for field in fields["evidence"] for name, reason in evidence.accepted(field).items()}
    return ReportData(
        project=project,
        check=None if checked is None else check.read(checked),
        inventory=None if listed is None else inventory.read(listed),
        plans=None if planned is None else plans.read(planned),
        journal=tuple(entries),
        processes=evidence.merge(tuple(processes)),
        flags=None if flagged is None else ledger.read(flagged),
        diagnostics=_latest(map(diagnostics.read, fields["diagnostics"])),
        load=tuple(sorted(map(load.read, fields["load"]), key=lambda result: MODES.index(result.mode))),
        rollout=replace(rollout, accepted={**accepted, **rollout.accepted}),
    )


def _latest(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The newest diagnosis of each process."""
    newest: dict[tuple[str, int], Diagnosis] = {}
    for each in sorted(found, key=lambda each: each.created):
        newest[each.host, each.pid] = each
    return tuple(newest[key] for key in sorted(newest))


def _at_most_one(fields: list[Field]) -> Field | None:
    if len(fields) > 1:
        first, second = fields[0].source, fields[1].source
        raise ReportError(
            second, "", f"the same document as {first} already gives", "Give one of the two"
        )
    return fields[0] if fields else None
