"""Words for statements about rewrites: a small project on disk, migrated or reduced in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from outfall_codemods.migrate import MigrationPlan, plan_migration
from outfall_codemods.remove import RemovalPlan, plan_removal
from outfall_lint.config import load_config
from outfall_lint.engine import analyse


@dataclass(frozen=True)
class Project:
    """A folder of sources."""

    root: Path

    def write(self, path: str, text: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return target

    def bytes(self) -> dict[str, bytes]:
        """Every file but outfall's own folder."""
        files = [p for p in self.root.rglob("*") if p.is_file()]
        names = {p.relative_to(self.root).as_posix(): p for p in files}
        return {name: p.read_bytes() for name, p in names.items() if not name.startswith(".outfall/")}

    def migration(self, **options: object) -> MigrationPlan:
        config = load_config(self.root)
        return plan_migration(analyse(["."], config, self.root), config, root=self.root, **options)  # type: ignore[arg-type]

    def removal(self, **options: object) -> RemovalPlan:
        return plan_removal(self.root, load_config(self.root), **options)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def migrated(project: Project) -> Callable[[str], str]:
    """The text that `migrate` would make of one module `app.py`; the same text where it does nothing."""

    def run(text: str, **options: object) -> str:
        project.write("app.py", text)
        changes = {change.path: change.after.decode() for change in project.migration(**options).changes}
        return changes.get("app.py", text)

    return run
