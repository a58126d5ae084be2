"""flake8 reports what `check` gives each file alone: on files, on stdin, with --jobs, under noqa."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse

CODE = "import threading\nS = {}\nR = {}  # noqa: OUT101\nhere = threading.local()\ndef f(user):\n    S[1] = R[1] = 1\n    here.user = user\n"


def flake8(folder: Path, *arguments: str, text: str | None = None) -> list[str]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--select", "OUT", *arguments]
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("arguments", [("a.py", "b.py"), ("--jobs", "2", "a.py", "b.py")])
def test_it_reports_what_check_reports(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(CODE)
    expected = [
        f"{f.place.path}:{f.place.line}:{f.place.column + 1}: {f.code} {f.message}"
        for f in analyse(["."], Config(), tmp_path).findings
    ]
    assert sorted(flake8(tmp_path, *arguments)) == sorted(expected)
    assert len(expected) == 4


def test_it_reads_stdin(tmp_path: Path) -> None:
    lines = flake8(tmp_path, "--stdin-display-name", "x.py", "-", text=CODE)
    assert [line.split()[1] for line in lines] == ["OUT101", "OUT201"]


def test_a_wrong_configuration_stops_it_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.outfall]\nexlude = []\n")
    (tmp_path / "a.py").write_text(CODE)
    done = subprocess.run([sys.executable, "-m", "flake8", "a.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "exclude" in done.stderr and "Traceback" not in done.stderr


def test_it_adds_only_the_standard_library_to_what_flake8_imports(tmp_path: Path) -> None:
    script = (
        "import ast, sys\n"
        "from outfall_lint.plugin import Plugin\n"
        f"code = {CODE!r}\n"
        "assert len(list(Plugin(ast.parse(code), 'x.py', code.splitlines(True)).run())) == 2\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))\n"
    )
    with_it = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    without = subprocess.run([sys.executable, "-c", script.splitlines()[0] + "\n" + script.splitlines()[-1]], cwd=tmp_path, capture_output=True, text=True)
    assert with_it.stderr == ""
    assert set(ast.literal_eval(with_it.stdout)) - set(ast.literal_eval(without.stdout)) == {"outfall_lint"}
