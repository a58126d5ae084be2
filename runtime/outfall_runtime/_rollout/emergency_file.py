"""Writes the emergency stop into the flag file, so that every worker follows, whatever is in it now.

Hazard: the file may be unreadable, half written, of another version or locked by a command that
hangs. It is then written anew; nothing of it is needed. Where no other file can be put into its place
(a full disk, a folder that is somebody else's) it is written over where it stands.
"""

from __future__ import annotations

from .._common.documents import locked, overwrite_document
from .._common.modes import DEFAULT
from .._flags import flag_file
from .._flags.changes import GROUPS
from . import history, workers
from .stages import NOT_BEGUN, ORDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Changes = Dict[str, Tuple[str, str]]

LOCK_SECONDS = 0.5  # no longer does an emergency wait for somebody else's change


def write_stop(
    path: str, folder: Optional[str], reason: str, actor: str, problems: List[str]
) -> Tuple[str, Changes, int]:
    """Replace the flag file by one that stops everything; never raises.

    Args:
        problems: what does not work is added to it.

    Returns:
        The stage before, the changes by flag, and the revision; 0 where it could not be written.
    """
    try:
        with locked(path, LOCK_SECONDS) as obtained:
            if not obtained:
                problems.append(f"{path}: somebody else is changing it; written all the same")
            return _write(path, folder, reason, actor, problems)
    except Exception as error:
        problems.append(f"{path}: its lock does not work ({error}); written all the same")
    try:
        return _write(path, folder, reason, actor, problems)
    except Exception as error:
        problems.append(f"{path}: other processes were not reached, it could not be written: {error}")
        return "", {}, 0


def _write(path: str, folder: Optional[str], reason: str, actor: str, problems: List[str]) -> Tuple[str, Changes, int]:
    document, before, reached, settings = _found(path, problems)
    revisions = [one.revision for one in (workers.living(folder, path)[0] if folder else [])]
    revision = max([reached, *revisions]) + 1
    flags = dict.fromkeys([*GROUPS, *settings], DEFAULT)
    changes = {name: (text, str(DEFAULT)) for name, text in sorted(settings.items()) if text != str(DEFAULT)}
    time = flag_file.now()
    identifier = f"emergency-{revision}-{time}"
    entry: Dict[str, Any] = {"id": identifier, "time": time, "action": "emergency", "actor": actor, "reason": reason}
    entry.update({"from": before, "to": NOT_BEGUN, "changes": changes})
    document.update(
        flags=flags,
        emergency={"reason": reason or "no reason given", "actor": actor, "time": time},
        rollout={"stage": NOT_BEGUN, "since": time, "last": entry},
    )
    try:
        flag_file.put(path, document, revision=revision, actor=actor)
    except OSError as error:
        flag_file.put(path, document, revision=revision, actor=actor, write=overwrite_document)
        problems.append(f"{path}: could not be replaced, and was written over where it stands: {error}")
    try:
        history.append(history.place(path), entry)
    except OSError as error:
        problems.append(f"{history.place(path)}: the history could not be written: {error}")
    return before, changes, revision


def _found(path: str, problems: List[str]) -> "Tuple[Dict[str, Any], str, int, Dict[str, str]]":
    """What can be known of the file as it stands."""
    try:
        found = flag_file.read(path)
    except Exception as error:
        problems.append(f"the flag file was broken and is written anew: {error}")
        return {}, "", 0, {}
    before = found.rollout.get("stage", NOT_BEGUN)
    settings = {name: str(setting) for name, setting in found.settings.items()}
    return dict(found.document), before if before in ORDER else "", found.reading.revision, settings
