"""The cache of facts: what stays known, what is forgotten, what makes room, and where it all is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from outfall_cli import cache

from .caching import LIB, TEXTS, essence, plain, with_cache, write
from .conftest import AMBIENT, Invoke


def test_a_new_module_leaves_the_others_known(caches: Path, tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT, "b.py": TEXTS[3]})
    with_cache(root)
    assert with_cache(write(root, {"c.py": "x = 1\n"}))[1:] == (2, 1)
    analysis, known, _ = with_cache(write(root, {"lib.py": LIB}))
    assert known == 2  # but not b.py, which writes to `lib`
    assert essence(analysis) == plain(root)


def test_of_each_path_the_latest_other_version_stays_known(caches: Path, tmp_path: Path) -> None:
    root = tmp_path / "app"
    first, second, third = (AMBIENT.replace("_agents", name) for name in ("_one", "_two", "_six"))
    for text, known in ((first, 0), (second, 0), (first, 1), (second, 1), (third, 0), (second, 1), (first, 0)):
        assert with_cache(write(root, {"a.py": text}))[1] == known


def test_what_was_not_met_for_long_is_forgotten(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT, "b.py": LIB})
    other = write(tmp_path / "other", {"a.py": AMBIENT})
    with_cache(root), with_cache(other)
    assert len(list(caches.iterdir())) == 2
    for path in caches.iterdir():
        os.utime(path, (time.time() - 31 * 86_400,) * 2)
    now = time.time()
    monkeypatch.setattr("outfall_cli.cache.time.time", lambda: now + 31 * 86_400)
    (root / "b.py").unlink()
    assert with_cache(write(root, {"a.py": "x = 1\n"}))[1] == 0
    (file,) = caches.iterdir()
    assert file.read_bytes().count(b"\n") == 1


def test_the_least_recently_used_projects_make_room(caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots = [write(tmp_path / f"app{n}", {"a.py": AMBIENT}) for n in range(4)]
    for age, root in enumerate(roots):
        with_cache(root)
        for path in caches.iterdir():
            os.utime(path, (path.stat().st_mtime - 100,) * 2)
    size = max(path.stat().st_size for path in caches.iterdir())
    monkeypatch.setattr(cache, "LARGEST", 3 * size)
    with_cache(write(roots[3], {"b.py": "x = 1\n"}))
    assert [with_cache(root)[1] for root in (roots[3], roots[2])] == [2, 1]
    assert sum(path.stat().st_size for path in caches.iterdir()) <= 3 * size
    monkeypatch.setattr(cache, "LARGEST", 10)
    assert with_cache(roots[0])[1] == 0


def test_doctor_says_where_it_is_and_how_large(ambient: Path, invoke: Invoke) -> None:
    invoke("check")
    (line,) = [line for line in invoke("doctor").output.splitlines() if " cache " in line]
    assert line.split() == ["ok", "cache", f"{cache.folder()}:", "1", "project,", "0.0", "MB"]


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.FOLDER)
    assert cache.folder().name == "outfall"
    monkeypatch.setenv(cache.FOLDER, "/somewhere/else")
    assert cache.folder() == Path("/somewhere/else")
