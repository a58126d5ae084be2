"""The evidence document: what processes recorded, made, read and merged (format: docs/formats.md).

Hazard: the files come from processes of other versions, from other machines, and from whoever can
write there. So whatever is read is checked, and a file that is not evidence is named.
"""

from __future__ import annotations

import os

from .._common.times import now
from ..errors import BrokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

    Document = Dict[str, Any]
    _Path = Union[str, "os.PathLike[str]"]

FORMAT = "outfall-evidence"
VERSION = 1


def evidence(processes: Iterable[Document], accepted: Optional[Mapping[str, str]] = None) -> Document:
    """An evidence document over the given processes.

    Args:
        accepted: reasons by call site or state for what would otherwise speak against a removal.
    """
    listed = sorted(processes, key=lambda one: (one["host"], one["started"], one["pid"]))
    document: Document = {"format": FORMAT, "version": VERSION, "created": now(), "processes": listed}
    return {**document, "accepted": dict(accepted)} if accepted else document


def read_folder(folder: _Path) -> Tuple[List[Document], List[str]]:
    """All evidence in a folder, and a line for each file that could not be read."""
    documents: List[Document] = []
    problems: List[str] = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        try:
            documents.append(read(os.path.join(os.fspath(folder), name)))
        except BrokenSource as error:
            problems.append(str(error))
    return documents, problems


def merge(documents: Iterable[Document]) -> Document:
    """One document with every process once: of two reports by one process the later counts."""
    latest: Dict[Tuple[object, ...], Document] = {}
    accepted: Dict[str, str] = {}
    for document in documents:
        accepted.update(document.get("accepted", {}))
        for one in document["processes"]:
            key = (one["host"], one.get("machine"), one["pid"], one["started"])
            if key not in latest or _age(latest[key]) <= _age(one):
                latest[key] = one
    return evidence(latest.values(), accepted)


def _age(one: Document) -> Tuple[int, str]:
    """By the count of snapshots, and only then by the clock, which may have been set back."""
    sequence = one.get("sequence")
    return (sequence if isinstance(sequence, int) else 0, one["updated"])


def read(path: str) -> Document:
    """One evidence file.

    Raises:
        BrokenSource: it cannot be read, is none, or is of another version.
    """
    import json

    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as error:
        raise BrokenSource(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise BrokenSource(f"{path}: not valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BrokenSource(f'{path}: no evidence file; expected "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise BrokenSource(f"{path}: version is {document.get('version')!r}; this runtime reads version {VERSION}")
    if not isinstance(document.get("processes"), list) or not all(map(_is_process, document["processes"])):
        raise BrokenSource(f'{path}: "processes" is missing or malformed')
    if not isinstance(document.get("accepted", {}), dict):
        raise BrokenSource(f'{path}: "accepted" is no object')
    return document


def _is_process(one: object) -> bool:
    texts = ("host", "started", "updated")
    return (
        isinstance(one, dict)
        and all(isinstance(one.get(name), str) for name in texts)
        and isinstance(one.get("pid"), int)
        and isinstance(one.get("states"), dict)
    )
