"""The law of guard removal: with the flag on, code does the same before and after, call by call."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from outfall_codemods.remove.guards import simplify
from outfall_codemods.text import SourceText

HEAD = "from outfall_runtime import flags\n"
ASK = "flags.enabled('x')"

leaves = st.sampled_from([ASK, ASK, "seen(1)", "seen(0)", "seen('')", "a", "b", "a == b", "True", "[]"])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"(not {e})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        inner.map(lambda e: f"[i for i in (1, 2) if {e}]"),
    ),
    max_leaves=8,
)
statements = st.recursive(
    st.one_of(expressions.map(lambda e: [f"out.append({e})"]), st.just(["return a"]), st.just(["# said", "seen(2)"])),
    lambda inner: st.one_of(
        st.tuples(expressions, inner).map(lambda t: [f"if {t[0]}:", *indented(t[1])]),
        st.tuples(expressions, inner, inner).map(lambda t: [f"if {t[0]}:", *indented(t[1]), "else:", *indented(t[2])]),
        st.tuples(expressions, inner, expressions, inner, inner).map(
            lambda t: [f"if {t[0]}:", *indented(t[1]), f"elif {t[2]}:", *indented(t[3]), "else:", *indented(t[4])]
        ),
        st.tuples(expressions, inner).map(lambda t: [f"while {t[0]}:", *indented(t[1]), "    break"]),
        st.tuples(expressions, inner).map(lambda t: [f"on = {ASK}", f"if on and {t[0]}:", *indented(t[1])]),
        st.tuples(inner, inner).map(lambda t: [*t[0], *t[1]]),
    ),
    max_leaves=6,
)


def indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def outcome(text: str) -> tuple[list[object], list[object], object]:
    """What the function says, sees and returns while the flag is on."""
    called: list[object] = []
    out: list[object] = []

    def seen(value: object) -> object:
        called.append(value)
        return value

    space: dict[str, object] = {"flags": SimpleNamespace(enabled=lambda name: True), "seen": seen, "out": out}
    exec(compile(text.replace(HEAD, ""), "app.py", "exec"), space)
    returned = space["f"](0, 1)  # type: ignore[operator]
    return called, out, returned


@settings(max_examples=400, deadline=None)
@given(body=statements)
def test_code_does_the_same_before_and_after(body: list[str]) -> None:
    before = HEAD + "\n".join(["def f(a, b):", *indented(body), "    return 'end'", ""])
    after = simplify(SourceText("app.py", before), frozenset({"x"})).text
    assert outcome(after) == outcome(before)
    assert ASK not in after


@settings(max_examples=100, deadline=None)
@given(body=statements)
def test_a_second_run_changes_nothing(body: list[str]) -> None:
    before = HEAD + "\n".join(["def f(a, b):", *indented(body), "    return 'end'", ""])
    once = simplify(SourceText("app.py", before), frozenset({"x"})).text
    assert simplify(SourceText("app.py", once), frozenset({"x"})).text == once
