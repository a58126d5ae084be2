"""The bench: the corpus, the folder to work in, and the project that is being taken through."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODES = ("legacy", "shadow", "new", "enforced")
GROUPS = ("use_registry", "use_context")
REASON = "a corpus project, which has no production"


@dataclass(frozen=True)
class Workshop:
    """One project on the bench; `settings` is its entry of the manifest, `wheel` the runtime's."""

    corpus: Path
    work: Path
    settings: dict[str, Any]
    wheel: Path
    folder: str = "rewritten"  # beside the stock tree: the copy that is changed
    isolated: bool = True  # whether pip builds the project in an environment that knows nothing of the runtime

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    @property
    def stock(self) -> Path:
        return self.work / self.name / "src"

    @property
    def tree(self) -> Path:
        return self.work / self.name / self.folder

    @property
    def python(self) -> Path:
        """The interpreter of the project's own environment."""
        return self.work / self.name / "venv" / "bin" / "python"

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.settings["src_dir"])

    def has_probes(self) -> bool:
        """Whether the corpus has tests of scope for the project."""
        name = re.sub(r"\W", "_", self.name)
        return (self.corpus / "probes" / f"probe_{name}.py").is_file()

    def outfall(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "outfall_cli", *arguments, cwd=self.tree)

    def declared_groups(self) -> list[str]:
        """The flag groups that the tree's ledger declares."""
        ledger = self.tree / "outfall-flags.toml"
        text = ledger.read_text("utf-8") if ledger.is_file() else ""
        return [group for group in GROUPS if f"[flags.{group}]" in text]

    def tests(self, *options: str) -> dict[str, Any]:
        """What the corpus reports of one run of the project's tests, or its `problem`."""
        command = (sys.executable, str(self.corpus / "run.py"), self.name, str(self.work), *options)
        done = run(*command, cwd=self.work)
        if not done.stdout.startswith("{"):
            return {"problem": (done.stdout + done.stderr)[-2000:]}
        found: dict[str, Any] = json.loads(done.stdout)
        if found.get("regressed"):
            outcomes = self._outcomes(found["tag"])
            lost = [test for test in found["regressed"] if outcomes.get(test) != "xfailed"]  # fails as its project expects
            found["regressed"] = without_reruns(lost, outcomes) if "--reruns" in self.settings["test_cmd"] else lost
        return found

    def stock_tests(self) -> dict[str, Any]:
        """The stock tree's tests, run twice: the first run's report, with the tests that were not the same in both as `flaky`."""
        report = self.tests()
        again = report if "problem" in report else self.tests("--tag", "baseline-again", "--against", "baseline")
        if "problem" in again:
            return again
        flaky = differing(self._outcomes("baseline"), self._outcomes("baseline-again"))
        return {**report, "flaky": flaky, "again": again["passed"]}

    def _outcomes(self, tag: str) -> dict[str, str]:
        report = self.work / self.name / "results" / f"{tag}.json"
        found: dict[str, str] = json.loads(report.read_text("utf-8"))["outcomes"]
        return found

    def rewritten(self, install_runtime: bool = False) -> tuple[str, ...]:
        """Options to test the rewritten tree.

        The version is told, because a tree under git is no sdist.
        """
        install = [f"--force-reinstall --no-deps {shlex.quote(str(self.wheel))}"] if install_runtime else []
        variables = [f"SETUPTOOLS_SCM_PRETEND_VERSION={self.settings['version']}"]
        if not self.isolated and install_runtime:
            install.append(shlex.join(self._build_requirements()))
        if not self.isolated:
            variables.append("PIP_NO_BUILD_ISOLATION=0")  # pip reads 0 as: no isolation
        pips = [option for each in install for option in ("--pip", each)]
        return "--tree", str(self.tree), *pips, *(option for each in variables for option in ("--env", each))

    def as_it_builds(self) -> Workshop:
        """This bench, the rewritten tree installed; without isolation where building imports the package."""
        for bench in (self, replace(self, isolated=False)):
            installed = bench.tests("--step", "install", *bench.rewritten(install_runtime=True))
            if "No module named 'outfall_runtime'" not in installed.get("problem", ""):
                break
        return bench

    def _build_requirements(self) -> list[str]:
        pyproject = self.tree / "pyproject.toml"
        document = tomllib.loads(pyproject.read_text("utf-8")) if pyproject.is_file() else {}
        return [*document.get("build-system", {}).get("requires", ("setuptools", "wheel"))]

    def fresh_tree(self) -> None:
        """A copy of the stock tree under git, which the rewrites ask to be clean."""
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(self.stock, self.tree, symlinks=True)
        run("git", "init", "-q", cwd=self.tree)
        self.commit("stock")

    def commit(self, message: str) -> None:
        run("git", "add", "-A", "-f", cwd=self.tree)
        identity = ("-c", "user.name=corpus", "-c", "user.email=corpus@localhost")
        run("git", *identity, "commit", "-qm", message, cwd=self.tree)


def differing(first: dict[str, str], again: dict[str, str]) -> list[str]:
    """The tests that two runs of one tree do not agree on; a further report (`test#2`) counts for its test."""
    unlike = (test for test in first.keys() | again.keys() if first.get(test) != again.get(test))
    return sorted({base_of(test) for test in unlike})


def without_reruns(lost: list[str], outcomes: dict[str, str]) -> list[str]:
    """`lost` without second reports (`test#2`) of tests that pass now at once; they were repeated before, which no one promised."""

    def repeated(test: str) -> bool:
        base = base_of(test)
        return base != test and test not in outcomes and outcomes.get(base) == "passed"

    return [test for test in lost if not repeated(test)]


def base_of(test: str) -> str:
    """The test that `test` is a further report of, or `test`."""
    base, _, number = test.rpartition("#")
    return base if base and number.isdecimal() else test


def runtime_wheel(folder: Path) -> Path:
    """A wheel of this repository's runtime, made in `folder`."""
    done = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT / "runtime"), cwd=folder)
    made = sorted(folder.glob("*.whl"))
    if not made:
        raise SystemExit(f"no wheel of the runtime: {done.stderr[-500:]}")
    return made[0]


def revision() -> str:
    """The revision of outfall that is at work, with a plus where files differ from it."""
    return run("git", "describe", "--always", "--dirty=+", "--exclude=*", cwd=ROOT).stdout.strip()


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ}, check=False)
