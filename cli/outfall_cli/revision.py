"""A project as it was at a git revision."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from outfall_cli.nearest import unknown


@contextmanager
def checked_out(root: Path, revision: str) -> Iterator[Path]:
    """Within the block, a copy of the project as of the revision; the work tree and index are untouched.

    Raises UsageError where the root is in no repository, or the revision does not exist.
    """
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
    commit = _resolved(root, revision)
    with tempfile.TemporaryDirectory(prefix="outfall-diff-") as folder:
        target = Path(folder) / "tree"
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(top, "read-tree", commit, **index)
        _git(top, "checkout-index", "--all", "--quiet", f"--prefix={target}/", **index)
        yield target / root.resolve().relative_to(top.resolve())


def _resolved(root: Path, revision: str) -> str:
    done = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode:
        branches = _git(root, "for-each-ref", "--format=%(refname:short)").split()
        names = ["HEAD", *branches] if branches else []
        raise click.UsageError(unknown("revision", revision, names, see="git log"))
    return done.stdout.strip()


def _git(folder: Path, *arguments: str, **environment: str) -> str:
    done = _run(folder, *arguments, **environment)
    if done.returncode:
        raise click.UsageError(f"git {arguments[0]}: {' '.join(done.stderr.split())}")
    return done.stdout


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise click.UsageError("git is not installed; comparing with a revision needs it") from None
