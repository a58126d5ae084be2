"""What planning a rewrite costs: CPU of `outfall migrate --diff` over the same files' `ast.parse`, in one process.

Beside it, on a sample of the same files, the stock way to rename a call with libcst, and fixit with its default
rules. Cold and warm are as in `check`. Their jobs are not the same; what they share is that every file goes through them. To compare:
`pip install fixit`, in an environment of its own: it keeps click back to a version that our tests do not run on.
"""

from __future__ import annotations

import io
import sysconfig
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.sections.check import UNIT, parse_all, with_cache
from benchmarks.table import Row
from benchmarks.timing import Ratio, cpu
from outfall_codemods.change import diff
from outfall_codemods.migrate import MigrationPlan, plan_migration
from outfall_lint.config import Config
from outfall_lint.engine import Memory, analyse

TITLE = "rewriting, over packages of the standard library"
ROOT = Path(sysconfig.get_path("stdlib"))
FEW = ("ctypes", "email", "html", "json", "sqlite3", "wsgiref")  # hardly any state that functions change
MORE = (*FEW, "asyncio", "http", "importlib", "tkinter", "unittest", "xml")
QUICK = ("html", "json")
LIMIT = 3.0
ROUNDS = 3
SAMPLE = 40  # every fortieth file, for those who take minutes for all


def rows(quick: bool) -> list[Row]:
    """`migrate --diff` on both trees, then the others on a sample."""
    rounds = 2 if quick else ROUNDS
    trees = (QUICK,) if quick else (FEW, MORE)
    sample = files_of(QUICK if quick else MORE)[::SAMPLE]
    return [
        *(row for packages in trees for row in planned(packages, rounds)),
        beside("libcst: RenameCommand", renamed, sample, rounds),
        beside("fixit: default rules", linted, sample, rounds),
    ]


def files_of(packages: Sequence[str]) -> list[Path]:
    return sorted(path for name in packages for path in (ROOT / name).rglob("*.py"))


def planned(packages: Sequence[str], rounds: int) -> list[Row]:
    """From reading the files to the text of the diff: files that no run has seen, then those that one has."""
    folders, files, config = [ROOT / name for name in packages], files_of(packages), Config()

    def migrate(memory: Memory | None = None) -> MigrationPlan:
        plan = plan_migration(analyse(folders, config, ROOT, memory=memory), config, root=ROOT)
        io.StringIO().writelines(map(diff, plan.changes))
        return plan

    changed = sum(change.is_python for change in migrate().changes)
    with TemporaryDirectory() as folder:

        def warm() -> None:
            with_cache(Path(folder), ROOT, migrate)

        warm()
        costs = [(cpu(migrate), cpu(warm), cpu(lambda: parse_all(files))) for _ in range(rounds)]
    what = f"({changed} of {len(files)} files change)"
    return [
        Row(f"outfall migrate --diff, cold {what}", Ratio.of([(one, base) for one, _, base in costs]), UNIT, LIMIT),
        Row(f"outfall migrate --diff, warm {what}", Ratio.of([(one, base) for _, one, base in costs]), UNIT, LIMIT),
    ]


def beside(name: str, prepare: Callable[[], Callable[[Path], object]], files: Sequence[Path], rounds: int) -> Row:
    """Another tool on these files; without it, a row that says so."""
    operation = f"{name} ({len(files)} files)"
    try:
        one = prepare()
    except ModuleNotFoundError:
        return Row(operation, None, UNIT)

    def run() -> None:
        for path in files:
            one(path)

    run()
    pairs = [(cpu(run), cpu(lambda: parse_all(list(files)))) for _ in range(rounds)]
    return Row(operation, Ratio.of(pairs), UNIT)


def renamed() -> Callable[[Path], object]:
    """The stock codemod that puts another name in the place of `threading.local`."""
    libcst, codemod = import_module("libcst"), import_module("libcst.codemod")
    command = import_module("libcst.codemod.commands.rename").RenameCommand

    def one(path: Path) -> object:
        rename = command(codemod.CodemodContext(), "threading.local", "outfall_runtime.ContextLocal")
        return rename.transform_module(libcst.parse_module(path.read_bytes())).code

    return one


def linted() -> Callable[[Path], object]:
    api, config = import_module("fixit.api"), import_module("fixit.config")

    def one(path: Path) -> object:
        return list(api.fixit_bytes(path, path.read_bytes(), config=config.generate_config(path)))

    return one
