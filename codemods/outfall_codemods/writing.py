"""Files replaced whole or not at all: temporary file in the same folder, fsync, rename.

Hazard: a process can be killed between any two instructions. A file is therefore never opened
for writing in place; links stay links and permissions stay as they were.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import Refused

_SUFFIX = ".outfall-new"


def real_path(root: Path, path: str) -> Path:
    """Where `path` really lies; raise `Refused` when a link leads out of the project."""
    real = (root / path).resolve()
    if not real.is_relative_to(root.resolve()):
        raise Refused(f"{path} is a link to {real}, outside the project", "exclude it, or migrate it where it lives")
    return real


def require_writable(root: Path, path: str) -> None:
    """Raise `Refused` for a file that its owner marked read-only."""
    real = real_path(root, path)
    if real.exists() and not (real.stat().st_mode & 0o222 and os.access(real, os.W_OK)):
        raise Refused(f"{path} is read-only", f"make it writable (chmod u+w {path}) or exclude it")


def read_bytes(root: Path, path: str) -> bytes | None:
    """The file's content, None where there is none."""
    try:
        return real_path(root, path).read_bytes()
    except FileNotFoundError:
        return None


def prepare(path: Path, data: bytes, mode: int | None = None) -> Path:
    """Write `data` beside `path`, on disk for sure, with the permissions it shall have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = leftover(path)
    try:
        with open(new, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    if mode is not None:
        os.chmod(new, mode)
    return new


def leftover(path: Path) -> Path:
    """The name of the temporary file that a killed run may have left beside `path`."""
    return path.with_name(f".{path.name}{_SUFFIX}")


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Make `data` the content of `path`, atomically."""
    commit(prepare(path, data, mode), path)


def commit(new: Path, path: Path) -> None:
    """Put a prepared file in its place, and make the folder remember it."""
    os.replace(new, path)
    sync_folder(path.parent)


def move(saved: Path, path: Path, mode: int | None) -> None:
    """Make a kept copy the file itself, which takes no room on the disk."""
    if mode is not None:
        os.chmod(saved, mode)
    os.replace(saved, path)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
