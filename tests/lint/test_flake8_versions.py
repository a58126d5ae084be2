"""Under each major flake8 that is supported, in an environment that holds nothing of outfall's own dependencies."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse

pytestmark = pytest.mark.versions

ROOT = Path(__file__).resolve().parents[2]
CODE = "import threading\nS = {}\nR = {}  # noqa: OUT101\nhere = threading.local()\ndef f(user):\n    S[1] = R[1] = 1\n    here.user = user\n"


@pytest.fixture(scope="module", params=["6", "7"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with that flake8 and the plugin."""
    folder = tmp_path_factory.mktemp("flake8")
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    pip = [str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"flake8=={request.param}.*"], check=True)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
    return found


def lines(python: Path, folder: Path, *arguments: str, text: str | None = None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-m", "flake8", "--isolated", "--select", "OUT", *arguments],
        cwd=folder, input=text, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.stderr == ""
    return sorted(line.removeprefix("./") for line in done.stdout.splitlines())


@pytest.fixture
def expected(tmp_path: Path) -> list[str]:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(CODE)
    found = analyse(["."], Config(), tmp_path).findings
    return sorted(f"{f.place.path}:{f.place.line}:{f.place.column + 1}: {f.code} {f.message}" for f in found)


@pytest.mark.parametrize("arguments", [("a.py", "b.py"), ("--jobs", "2", "a.py", "b.py"), (".",)])
def test_it_reports_what_check_reports(python: Path, tmp_path: Path, expected: list[str], arguments: tuple[str, ...]) -> None:
    assert len(expected) == 4
    assert lines(python, tmp_path, *arguments) == expected


def test_it_reads_stdin(python: Path, tmp_path: Path) -> None:
    found = lines(python, tmp_path, "--stdin-display-name", "x.py", "-", text=CODE)
    assert [line.split()[1] for line in found] == ["OUT101", "OUT201"]


def test_the_configuration_of_the_project_is_followed(python: Path, tmp_path: Path, expected: list[str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.outfall]\nignore = ["OUT201"]\n')
    assert lines(python, tmp_path, "a.py", "b.py") == [line for line in expected if "OUT201" not in line]
