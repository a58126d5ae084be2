"""Where flags get their values from, outside code: the environment and the flag file.

Hazard: a source can be broken at any moment (half copied, deleted, a full disk, a typo). Reading
either returns a whole new set of settings or raises `BrokenSource`; the caller keeps the last
good one.
"""

from __future__ import annotations

import os
import stat

from .._common.modes import Setting, parse_setting
from .._common.record import NamedTuple
from ..errors import BrokenSource, InvalidSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Mapping, Optional, Tuple

    Settings = Dict[str, Setting]

FLAGS_VARIABLE = "OUTFALL_FLAGS"
FILE_VARIABLE = "OUTFALL_FLAG_FILE"
FILE_VERSION = 1
LARGEST_FILE = 1 << 20  # bytes


class Reading(NamedTuple):
    """What a source says, and what in it could not be understood.

    `revision` counts the changes of a flag file; `emergency` is the reason why all its flags are
    stopped, empty while they are not; `resumed` is another word after each end of an emergency.
    """

    settings: Settings
    problems: Tuple[str, ...] = ()
    actor: str = ""
    revision: int = 0
    emergency: str = ""
    resumed: str = ""


def read_environment(environ: Optional[Mapping[str, str]] = None) -> Reading:
    """`OUTFALL_FLAGS="use_context=shadow,use_registry=new"`; a broken entry harms no other."""
    text = (os.environ if environ is None else environ).get(FLAGS_VARIABLE, "")
    settings: Settings = {}
    problems: List[str] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = entry.rpartition("=")
        if not equals or not name.strip():
            problems.append(f'{FLAGS_VARIABLE}: {entry!r} is not of the form "flag=mode"; ignored')
            continue
        try:
            settings[name.strip()] = parse_setting(value)
        except InvalidSetting as error:
            problems.append(f"{FLAGS_VARIABLE}: {name.strip()}: {error}; ignored")
    return Reading(settings, tuple(problems))


def read_file(path: str) -> Reading:
    """Read a flag file: `{"version": 1, "flags": {"use_context": "new"}}`.

    Raises:
        BrokenSource: the file is missing, unreadable, writable by everybody, or not a flag file.
            The whole file is then refused, because half of an operator's intention is neither
            the old state nor the new one.
    """
    data = _load(path)
    if data.get("version") != FILE_VERSION:
        raise BrokenSource(f"{path}: version is {data.get('version')!r}; this runtime reads version {FILE_VERSION}")
    flags = data.get("flags")
    if not isinstance(flags, dict):
        raise BrokenSource(f'{path}: "flags" is missing or no object')
    settings: Settings = {}
    for name, value in flags.items():
        try:
            settings[name] = parse_setting(value)
        except InvalidSetting as error:
            raise BrokenSource(f"{path}: {name}: {error}") from None
    emergency = data.get("emergency")
    reason = emergency.get("reason") if isinstance(emergency, dict) else emergency
    return Reading(
        settings,
        actor=_text(data.get("actor")),
        revision=_count(data.get("revision")),
        emergency=str(reason or "no reason given") if emergency else "",
        resumed=_text(data.get("resumed")),
    )


def fingerprint(path: str) -> Optional[Tuple[int, int, int, int]]:
    """Changes whenever the file is written or replaced; None where it cannot be seen."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _load(path: str) -> Dict[str, object]:
    import json

    try:
        with open(path, "rb") as stream:
            _check_permissions(path, os.fstat(stream.fileno()))
            text = stream.read(LARGEST_FILE + 1)
        if len(text) > LARGEST_FILE:
            raise BrokenSource(f"{path}: larger than {LARGEST_FILE} bytes, which no flag file is")
        data = json.loads(text.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenSource(f"{path}: {_reason(error)}") from None
    if not isinstance(data, dict):
        raise BrokenSource(f"{path}: holds a {type(data).__name__}; expected an object")
    return data


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; `flags set` and `stage advance` make one"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"not valid JSON: {error}"


def _check_permissions(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise BrokenSource(f"{path}: not a regular file")
    if os.name == "posix" and found.st_mode & stat.S_IWOTH:
        raise BrokenSource(f"{path}: anybody may write to it; remove that permission (chmod o-w)")
