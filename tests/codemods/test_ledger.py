"""The ledger is edited like a careful colleague would: what is not concerned stays, comments included."""

from __future__ import annotations

from datetime import date

import pytest
from outfall_codemods import ledger
from outfall_codemods.errors import UsageError

DAY = date(2026, 11, 23)
TEXT = """\
# Flags of the shop. Ask the platform team.
version = 1

[flags.use_registry]
group = "use_registry"
states = ["app.X"]  # the first one
owner = "shop"
created = 2026-11-01

# by hand
[flags.use_search]
owner = "search team"
created = 2026-11-02
"""


def test_a_known_state_changes_nothing() -> None:
    assert ledger.with_states(TEXT, {"use_registry": ["app.X"]}, DAY).replace("\n", "") == TEXT.replace("\n", "")


def test_a_first_ledger_has_a_version_and_the_flag() -> None:
    assert ledger.with_states(None, {"use_context": ["app.L"]}, DAY) == (
        'version = 1\n\n[flags.use_context]\ngroup = "use_context"\nstates = ["app.L"]\nowner = ""\ncreated = 2026-11-23\n'
    )


def test_completion_is_one_line_more() -> None:
    after = ledger.with_completion(TEXT, "use_search", DAY, "sha256:1")
    added = [line for line in after.splitlines() if line not in TEXT.splitlines()]
    assert added == ['completed = {date = 2026-11-23, evidence = "sha256:1"}']


def test_a_flag_goes_with_its_table_only() -> None:
    after = ledger.without(TEXT, flags=["use_search"])
    assert "use_search" not in after
    assert after.startswith(TEXT.partition("# by hand")[0].rstrip())


def test_a_state_goes_from_a_flag_that_stays() -> None:
    assert 'states = []' in ledger.without(TEXT, states=["app.X"])


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(UsageError, match="declares no flag use_serch; it declares: use_registry, use_search"):
        ledger.with_completion(TEXT, "use_serch", DAY, "sha256:1", "outfall-flags.toml")
    with pytest.raises(UsageError, match=r"outfall-flags\.toml: .*correct the ledger"):
        ledger.without("version = ", path="outfall-flags.toml")
