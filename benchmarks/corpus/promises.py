"""What `migrate` promises, held against a project's tree by other means than the engine's own.

Lines: git's diff, and statements that name a rewritten state. Undo: git's view of the tree. Types:
what the project's own mypy or pyright configuration reports of the tree before and after.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MESSAGE = re.compile(r"^(?P<path>[^:\n]+):\d+: (?P<text>error: .*)$", re.MULTILINE)
_LINE = re.compile(r"\bline \d+")  # "already defined on line 3": lines move


def strayed(tree: Path, before: str, names: Iterable[str]) -> list[str]:
    """The changed lines, since the git revision `before`, that neither name a state, nor import, nor are blank.

    A module that came or went has strayed as a whole.

    `names` are the local names of the rewritten states. The ledger is new, and no Python.
    """
    told = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names) or "(?!)")
    scope = (before, "--", "*.py", ":(exclude).outfall")
    found = _git(tree, "diff", "--name-only", "--no-renames", "--diff-filter=AD", *scope).split("\n")[:-1]
    diff = _git(tree, "diff", "-U0", "--no-renames", "--diff-filter=M", *scope)
    path = ""
    for line in diff.splitlines():
        if line.startswith("--- a/"):
            path = line.removeprefix("--- a/")
        hunk = _HUNK.match(line)
        if hunk:
            old = _lines(hunk.group(1), hunk.group(2))
            covered = _covered(_git(tree, "show", f"{before}:{path}"), told)
            found += [f"{path}:{number}" for number in old if number not in covered]
    return found


def changed_files(tree: Path) -> list[str]:
    """The paths that git finds changed since the last commit: contents, modes, names; outfall's own folder left out."""
    lines = _git(tree, "status", "--porcelain", "--untracked-files=all").splitlines()
    return [line[3:] for line in lines if not line[3:].startswith(".outfall")]


def new_type_errors(stock: Path, tree: Path, sources: Iterable[str], python: Path) -> list[str] | None:
    """Messages that the project's type checkers have of `tree` and not of `stock`; None where there is none, or none that runs."""
    found = [each for each in (_new_of_mypy(stock, tree, sources, python), _new_of_pyright(stock, tree, python)) if each is not None]
    return sorted(sum(found, Counter()).elements()) if found else None


def _new_of_mypy(stock: Path, tree: Path, sources: Iterable[str], python: Path) -> Counter[str] | None:
    """What mypy has to say that is new, where the project configures it or ships types."""
    settings = [stock / name for name in ("mypy.ini", ".mypy.ini", "setup.cfg", "pyproject.toml")]
    text = next((t for t in map(_text, settings) if "[mypy]" in t or "[tool.mypy]" in t), None)
    if text is None and not any(any((stock / source).rglob("py.typed")) for source in sources):
        return None
    configured = [()] if re.search(r"^files\s*=", text or "", re.MULTILINE) else []
    for paths in (*configured, tuple(sources)):  # the sources alone, where what is configured needs more than there is
        before = _messages(stock, paths, python)
        after = _messages(tree, paths, python) if before is not None else None
        if before is not None and after is not None:
            return after - before
    return None


def _new_of_pyright(stock: Path, tree: Path, python: Path) -> Counter[str] | None:
    """What pyright has to say that is new, where the project configures it and this machine has it."""
    configured = "[tool.pyright]" in _text(stock / "pyproject.toml") or (stock / "pyrightconfig.json").is_file()
    command = shutil.which("pyright")
    if not configured or command is None:
        return None
    before, after = _pyright_messages(command, stock, python), _pyright_messages(command, tree, python)
    return None if before is None or after is None else after - before


def _lines(start: str, count: str | None) -> range:
    return range(int(start), int(start) + int(count or 1))


def _covered(text: str, told: re.Pattern[str]) -> set[int]:
    """The numbers of the lines that a rewrite of the told names may touch."""
    lines = text.splitlines()
    covered = {number for number, line in enumerate(lines, start=1) if not line.strip()}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            first, last = node.lineno, _last_own_line(node)
            if isinstance(node, (ast.Import, ast.ImportFrom)) or told.search("\n".join(lines[first - 1 : last])):
                covered.update(range(first, last + 1))
    return covered


def _last_own_line(node: ast.stmt | ast.ExceptHandler) -> int:
    """Where a statement ends, or a compound one's head."""
    body = getattr(node, "body", None)
    return body[0].lineno - 1 if isinstance(body, list) and body[0].lineno > node.lineno else node.end_lineno or node.lineno


def _messages(tree: Path, paths: Iterable[str], python: Path) -> Counter[str] | None:
    options = ("--num-workers=0", "--no-pretty", "--hide-error-context", "--no-color-output", "--no-error-summary", f"--python-executable={python}")
    with TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "mypy", *options, f"--cache-dir={cache}", *paths]
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return None
    return Counter(_LINE.sub("line …", f"{found['path']}: {found['text']}") for found in _MESSAGE.finditer(done.stdout))


def _pyright_messages(command: str, tree: Path, python: Path) -> Counter[str] | None:
    done = subprocess.run((command, "--outputjson", "--pythonpath", str(python)), cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return None
    told = [each for each in json.loads(done.stdout)["generalDiagnostics"] if each["severity"] in ("error", "warning")]
    return Counter(f"{Path(each['file']).relative_to(tree.resolve())}: {each['severity']}: {each['message']}" for each in told)


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _git(tree: Path, *arguments: str) -> str:
    command = ("git", "-c", "core.quotePath=off", *arguments)
    return subprocess.run(command, cwd=tree, capture_output=True, check=True).stdout.decode("utf-8", "surrogateescape")
