"""Random small programs that Python can compile: names, imports and values go in circles, on purpose."""

from __future__ import annotations

from random import Random

NAMES = ("a", "b", "c", "d", "A")
PLACES = (*NAMES, "self", "cls", "d.x", "a.b", "threading", "m1.a")
VALUES = ("{}", "[]", "None", "set()", "threading.local()", "'text'", "1", "count()")
MODULES = ("m0", "m1", "m2")
MOST_STATEMENTS, DEEPEST = 5, 3


def project(random: Random) -> dict[str, str]:
    """Texts by path: three modules that may import each other."""
    return {f"{name}.py": _module(random) for name in MODULES}


def _module(random: Random) -> str:
    head = ["import copy", "import threading", "from functools import partial", "from itertools import count"]
    while True:
        text = "\n".join([*head, *_block(random, 0, in_module=True)]) + "\n"
        try:
            compile(text, "module", "exec")
        except SyntaxError:  # such as a global that is a parameter too
            continue
        return text


def _block(random: Random, depth: int, *, in_module: bool = False) -> list[str]:
    lines: list[str] = []
    for _ in range(random.randint(1, MOST_STATEMENTS)):
        lines += _compound(random, depth) if depth < DEEPEST and random.random() < 0.4 else [_simple(random, in_module)]
    return ["    " * bool(depth) + line for line in lines]


def _simple(random: Random, in_module: bool) -> str:
    name, value = random.choice(NAMES), _value(random)
    target = random.choice((name, name, f"{name}.{random.choice(NAMES)}", f"{name}[{_value(random, 2)}]", f"{name}, {name}2"))
    module = random.choice((*MODULES, "."))
    wanted = random.choice((*NAMES, "*") if in_module else NAMES)
    return random.choice(
        (
            f"{target} = {value}",
            f"{target} = {value}",
            f"{name} += {value}",
            f"del {name}",
            f"from {module} import {wanted}",
            f"import {random.choice((*MODULES, 'threading', 'copy'))} as {name}",
            value,
        )
    )


def _compound(random: Random, depth: int) -> list[str]:
    name, value = random.choice(NAMES), _value(random)
    head = random.choice(
        (
            f"def {name}({random.choice(('', 'self', f'b={_value(random, 2)}'))}):",
            f"def {name}():",
            f"class {name}({random.choice(('', 'A', 'threading.local', 'a', 'c.d'))}):",
            f"if {value}:",
            f"for {name} in {value}:",
            f"with {value} as {name}:",
            "try:",
        )
    )
    body = _block(random, depth + 1)
    if head.startswith("def") and random.random() < 0.5:
        body.insert(0, f"    global {random.choice((*NAMES, '__doc__'))}")
    tail = ["except Exception:", *_block(random, depth + 1)] if head == "try:" else []
    return [head, *body, *tail]


def _value(random: Random, depth: int = 0) -> str:
    if depth >= DEEPEST or random.random() < 0.3:
        return random.choice((*PLACES, *VALUES))
    name, place = random.choice(NAMES), random.choice(PLACES)
    one, two, three = (_value(random, depth + 1) for _ in range(3))
    return random.choice(
        (
            f"{one} + {two}",
            f"({one} if {two} else {three})",
            f"({one} or {two})",
            f"{place}.copy()",
            f"copy.deepcopy({one})",
            f"{place}({one})",
            f"({name} := {one})",
            f"[{name} for {name} in {one}]",
            f"(lambda {name}={one}: {two})",
            f"{place}[{one}]",
            f"partial({one}, {two})",
            f"{place}.append({one})",
            f"{place}.setdefault({one}, {two})",
        )
    )
