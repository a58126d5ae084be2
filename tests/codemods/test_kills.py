"""`kill -9` at random instants of migrate and undo: each file is old or new, the journal tells, undo restores.

An instant is a number of events of the interpreter, not a time: a child counts them and kills itself at its
number, so a busy machine changes nothing and a seed repeats a run.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from outfall_cli.main import outfall
from outfall_codemods import journal
from outfall_codemods.change import digest

HOST = """
import json, os, signal, sys
from pathlib import Path
from outfall_codemods import engine, journal
from outfall_codemods.migrate import plan_migration
from outfall_lint.config import load_config
from outfall_lint.engine import analyse

class Count:
    def __init__(self, at):
        self.at, self.events = at, 0
    def __call__(self, frame, event, argument):
        self.events += 1
        if self.events == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

def migrate(root):
    config = load_config(root)
    plan = plan_migration(analyse(["."], config, root), config, root=root)
    return lambda: engine.apply(plan, root, "migrate")

def undo(root):
    return lambda: journal.undo(root)

for line in sys.stdin:
    step, folder, at = json.loads(line)
    work = {"migrate": migrate, "undo": undo}[step](Path(folder))
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        count = Count(at)
        sys.setprofile(count)
        work()
        sys.setprofile(None)
        os.write(writing, str(count.events).encode())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.close(writing)
    events = os.read(reading, 20)
    os.close(reading)
    print(json.dumps([os.WIFSIGNALED(status), int(events or 0)]), flush=True)
"""


@dataclass(frozen=True)
class Host:
    """A process that has imported everything and forks for each attempt."""

    process: subprocess.Popen[str]

    def run(self, step: str, root: Path, at: int = 0) -> tuple[bool, int]:
        """Whether the child was killed; else the number of its events."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps([step, str(root), at]), file=self.process.stdin, flush=True)
        killed, events = json.loads(self.process.stdout.readline())
        return killed, events


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with subprocess.Popen([sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Host(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen modules in packages, one of them with Windows line ends; tables, a context, globals."""
    root = tmp_path_factory.mktemp("stock")
    (root / "pyproject.toml").write_text("[project]\nname = 'app'\n")
    for number in range(14):
        folder = root / f"app{number % 3}" / "part"
        folder.mkdir(parents=True, exist_ok=True)
        text = (
            f"import threading\n\n_table{number} = {{}}\n_local{number} = threading.local()\nLEVEL{number} = 0\n\n\n"
            f"def put(key, user):\n    global LEVEL{number}\n    LEVEL{number} = 1\n"
            f"    _table{number}[key] = 1\n    _local{number}.user = user\n"
        )
        (folder / f"m{number}.py").write_bytes(text.replace("\n", "\r\n" if number == 5 else "\n").encode())
    return root


def tree(root: Path) -> dict[str, bytes]:
    """Every file but outfall's own folder: temporary ones that were left behind would show."""
    files = [path for path in root.rglob("*") if path.is_file() and ".outfall" not in path.relative_to(root).parts]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def undone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`outfall undo`, as typed after the kill."""
    monkeypatch.chdir(root)
    result = CliRunner().invoke(outfall, ["undo"])
    assert result.exit_code == 0 or "nothing to undo" in result.stderr, result.output


def told(root: Path, old: dict[str, bytes]) -> None:
    """Each file is old, or new as an entry of the journal tells that is prepared or done."""
    known = {file.path: file.after for entry in journal.entries(root) if entry.status != "undone" for file in entry.files}
    for path, data in tree(root).items():
        if not path.endswith(".outfall-new") and data != old.get(path):
            assert known[path] == digest(data), f"{path} is neither old nor new"


def killed_at_random(host: Host, stock: Path, tmp_path: Path, step: str, times: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Kill `times` runs; how many had changed a file by then."""
    old = tree(stock)
    begun = tmp_path / "begun"
    shutil.copytree(stock, begun)
    if step == "undo":
        assert host.run("migrate", begun) != (True, 0)
    trial = tmp_path / "trial"
    shutil.copytree(begun, trial)
    killed, events = host.run(step, trial)
    assert not killed and events > 1000
    chance, changed = random.Random(7), 0
    for _ in range(times):
        shutil.rmtree(trial)
        shutil.copytree(begun, trial)
        assert host.run(step, trial, chance.randrange(1, events)) == (True, 0)
        told(trial, old)
        changed += tree(trial) != tree(begun)
        undone(trial, monkeypatch)
        assert tree(trial) == old
    return changed


@pytest.mark.parametrize("step", ["migrate", "undo"])
def test_killed_at_any_instant(step: str, host: Host, stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed_at_random(host, stock, tmp_path, step, 12, monkeypatch) > 0


@pytest.mark.kills
@pytest.mark.parametrize("step", ["migrate", "undo"])
def test_killed_at_a_hundred_instants(
    step: str, host: Host, stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_at_random(host, stock, tmp_path, step, 100, monkeypatch) > 20
