"""What other files take from a module beyond what it makes itself: the names that it imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection


def called(path: str) -> str:
    """The last part of what the module at `path` is called."""
    folder, name = posixpath.split(path.removesuffix(".py"))
    return posixpath.basename(folder) if name == "__init__" else name


def imports_everything(text: str, path: str) -> bool:
    """Whether a file's text imports everything from a module called like the one at `path`, or from its own package, where that is one."""
    return any(names.strip("( \t\r\n").startswith("*") for names in _imported(text, path))


def taken_from(text: str, path: str, names: Collection[str]) -> set[str]:
    """Those of the names that a file's text imports from a module called like the one at `path`, reads from it or patches there."""
    last = called(path)
    if not any(name in text for name in names) or (last not in text and not path.endswith("__init__.py")):
        return set()
    found = {name for listed in _imported(text, path) for name in re.findall(r"\w+", listed)}
    modules = {last, *re.findall(rf"\b{re.escape(last)}\s+as\s+(\w+)", text)}
    owner = "|".join(map(re.escape, sorted(modules)))
    found |= set(re.findall(rf"\b(?:{owner})\.(\w+)", text))
    found |= set(re.findall(rf"""\b(?:{owner})\s*,\s*['"](\w+)['"]""", text))
    if imports_everything(text, path):
        found |= set(re.findall(r"\w+", text))
    return found & set(names)


def _imported(text: str, path: str) -> list[str]:
    """What stands behind `import` in each statement that imports from such a module."""
    module = rf"[\w.]*\b{re.escape(called(path))}"
    if path.endswith("__init__.py"):
        module = rf"(?:{module}|\.+)"
    return re.findall(rf"(?m)^[ \t]*from\s+{module}\s+import\s*(\([^)]*\)|[^\r\n]*)", text)
