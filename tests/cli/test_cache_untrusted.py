"""The cache of facts: what is damaged, foreign, or open to others is not used, and what cannot be written not kept."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outfall_cli import cache
from outfall_cli.cache import open_cache
from outfall_lint.config import Config
from outfall_lint.engine import analyse

from .caching import LIB, TEXTS, essence, plain, with_cache, without_time, write
from .conftest import AMBIENT, Invoke


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_changes_nothing(caches: Path, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        root = write(Path(folder), {"a.py": AMBIENT, "b.py": TEXTS[3], "lib.py": LIB})
        before = set(caches.glob("*"))
        with_cache(root)
        (file,) = set(caches.iterdir()) - before
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged = data.draw(st.sampled_from([whole[:at], whole[at:], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole * 2]))
        damaged += data.draw(st.binary(max_size=80))
        file.write_bytes(damaged)
        assert essence(with_cache(root)[0]) == plain(root)
        assert with_cache(root)[1] == 3


def test_a_foreign_file_is_no_cache(caches: Path, tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"a.py": AMBIENT})
    with_cache(root)
    (file,) = caches.iterdir()
    body = b"0" * 40 + b" 1 " + b'["not", {"facts": 1}]'
    file.write_bytes(cache._check(body) + b" " + body + b"\n" + b"\0" * 1000)
    assert essence(with_cache(root)[0]) == plain(root)
    file.unlink()
    file.mkdir()
    assert essence(analyse(["."], Config(), root, memory=open_cache(root))) == plain(root)


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EOPNOTSUPP])
@pytest.mark.parametrize("step", ["cache.os.replace", "cache.NamedTemporaryFile"])
def test_what_cannot_be_written_is_not_kept(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, step: str, failure: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(failure, os.strerror(failure))

    monkeypatch.setattr(f"outfall_cli.{step}", fail)
    found, known = invoke("check", "--format", "json"), invoke("check", "--no-cache", "--format", "json")
    assert without_time(found.output) == without_time(known.output)
    assert list(cache.folder().iterdir()) == []


def test_a_folder_that_others_can_write_to_is_not_used(ambient: Path, invoke: Invoke) -> None:
    folder = cache.folder()
    folder.mkdir()
    folder.chmod(0o777)
    assert invoke("check").exit_code == 1
    assert list(folder.iterdir()) == []
    assert f"not used: {folder}: others may write to it" in invoke("doctor").output
    folder.chmod(0o700)
    assert invoke("check").exit_code == 1
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o666)
    assert with_cache(ambient)[1] == 0


def test_a_folder_of_another_user_is_not_used(ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke("check")
    monkeypatch.setattr("outfall_cli.cache.os.geteuid", lambda: os.getuid() + 1)
    assert open_cache(ambient) is None
    assert "it belongs to another user" in invoke("doctor").output


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/nowhere"])
def test_no_folder_no_cache(ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    expected = without_time(invoke("check", "--no-cache").output)
    monkeypatch.setenv(cache.FOLDER, place)
    assert without_time(invoke("check").output) == expected
    assert "not used" in invoke("doctor").output
