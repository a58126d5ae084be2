"""Random modules full of ambient state: what they declare, and functions that change it in every way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

HEAD = """\
import copy, threading
from collections import Counter, OrderedDict, defaultdict, deque

out = []
"""
CLASSES = """
class C:
    reg = {{}}
    items = []
    count = {count}
    inst = None
    cfg = 0

    @classmethod
    def make(cls, k):
        cls.{made} = k
        cls.reg[k] = 1
        return cls.{given}

    def bump(self):
        {bumped} {step}
        return self.reg


class Sub(C):
    pass

"""
DICTS, LISTS, SLOTS, LOCALS = ("D", "E"), ("L", "M"), ("g", "h", "_g", "_h"), ("T", "_T")
FUNCTIONS, DEEPEST = 5, 2


def program(random: Random) -> Mapping[str, str]:
    """Functions `f0` to `f4` that take one argument and change a module's state in every way: their own or another's."""
    text = _compiled(random)
    return {"app.py": text} if random.random() < 0.5 else apart(text, random)


def _compiled(random: Random) -> str:
    while True:
        text = _module(random)
        try:
            compile(text, "app.py", "exec")
        except SyntaxError:  # such as a name that is used before its `global`
            continue
        return text


def apart(text: str, random: Random) -> dict[str, str]:
    """The same program as two modules: `state.py`, which declares, and `app.py`, whose functions reach over to it."""
    head, *functions = re.split(r"(?m)^(?=def f0)", text)
    assert len(functions) == 1
    plainly = [name for name in (*DICTS, *LISTS, "S", "T", "C") if random.random() < 0.3]  # by `from state import`
    theirs = [name for name in (*DICTS, *LISTS, *SLOTS, *LOCALS, "S", "C", "Sub") if name not in plainly]
    body = re.sub(r"(?m)^( *)global .*$", r"\1pass", functions[0]).replace("lambda g=1:", "lambda:")
    body = re.sub(r"import math as (\w+)", r"\1 = copy", body)
    body = re.sub(rf"(?<![\w.'])({'|'.join(theirs)})\b(?!['=])", r"state.\1", body)
    imports = [f"from state import {', '.join(plainly)}"] if plainly else []
    return {"state.py": head, "app.py": "\n".join(["import copy", "import state", "from state import out", *imports, "", "", body])}


def calls(random: Random, count: int = 12) -> list[tuple[str, object]]:
    """Functions of a program, and what each is called with."""
    return [(f"f{random.randrange(FUNCTIONS)}", random.choice((1, 2, "a", "b"))) for _ in range(count)]


def _module(random: Random) -> str:
    pick = random.choice
    lines = [HEAD]
    lines += [f"{n} = {pick(('{}', '{0: 1}', 'dict(a=1)', 'OrderedDict()', 'defaultdict(int)', 'Counter(`ab`)'))}" for n in DICTS]
    lines += [f"{n} = {pick(('[]', '[1, 2]', 'list(`ab`)', 'deque([1])', 'deque(maxlen=2)'))}" for n in LISTS]
    lines += [f"S = {pick(('set()', '{1, 2}', 'set(`ab`)'))}"]
    lines += [f"{n} = {pick(('0', 'None', '1', '`a`', '(1, 2)', '[]', '{}'))}" for n in SLOTS]
    lines += [f"{n} = threading.local()" for n in LOCALS]
    lines += [
        CLASSES.format(
            count=pick(("0", "None")),
            made=pick(("count", "cfg")),
            given=pick(("count", "inst")),
            bumped=pick(("C.count", "type(self).count", "self.count", "self.__class__.count")),
            step=pick(("+= 1", "= 3")),
        )
    ]
    for number in range(FUNCTIONS):
        bound = [name for name in SLOTS if random.random() < 0.5]
        head = [f"global {', '.join(bound)}"] if bound else []
        body = [*head, *_block(random, bound), f"return {_value(random)}"]
        lines += [f"def f{number}(k):", *(f"    {line}" for line in body), ""]
    return "\n".join(lines).replace("`", "'") + "\n"


def _block(random: Random, bound: Sequence[str], depth: int = 0) -> list[str]:
    lines: list[str] = []
    for _ in range(random.randint(1, 3)):
        if depth < DEEPEST and random.random() < 0.2:
            lines += _compound(random, bound, depth)
        else:
            lines.append(random.choice((_binding, _mapping, _sequence, _attribute, _of_class, _telling))(random, bound))
    return lines


def _compound(random: Random, bound: Sequence[str], depth: int) -> list[str]:
    body = [f"    {line}" for line in _block(random, bound, depth + 1)]
    head = random.choice((f"if {_value(random)}:", "for _ in range(2):", "try:", "def inner():"))
    if head == "try:":
        return [head, *body, "except Exception as error:", "    out.append(type(error).__name__)"]
    if head == "def inner():":
        return [head, *([f"    global {', '.join(bound)}"] if bound else []), *body, "inner()"]
    return [head, *body]


def _binding(random: Random, bound: Sequence[str]) -> str:
    if not bound:
        return "pass"
    name, value = random.choice(bound), _value(random)
    return random.choice(
        (
            f"{name} = {value}",
            f"{name}, x = {value}, 2",
            f"x = {name} = {value}",
            f"for {name} in range(2): pass",
            f"del {name}",
            f"[{name}, *x] = 1, 2",
            f"{name} = {name} or 3",
            f"{name} = not {name}",
            f"if {name} is None: {name} = {value}",
            f"import math as {name}",
            f"{name} = lambda: 1",
        )
    )


def _mapping(random: Random, bound: Sequence[str]) -> str:
    name, key, value = random.choice(DICTS), random.choice(("k", "'a'", "1")), _value(random)
    return random.choice(
        (
            f"{name}[{key}] = {value}",
            f"{name}.pop({key}, None)",
            f"{name}.setdefault({key}, {value})",
            f"{name}.update(a={value})",
            f"del {name}[{key}]",
            f"{name}.clear()",
            f"{name}[{key}], x = 1, 2",
            f"for {name}['z'] in (1, 2): pass",
            f"if {key} not in {name}: {name}[{key}] = {value}",
            f"out.append(dict({name}) | {{'q': 1}})",
            f"out.append({name} == dict({name}))",
        )
    )


def _sequence(random: Random, bound: Sequence[str]) -> str:
    name, value = random.choice(LISTS), _value(random)
    return random.choice(
        (
            f"{name}.append({value})",
            f"{name}.extend([1, {value}])",
            f"{name}.pop()",
            f"{name}[0] = {value}",
            f"{name}.insert(0, 7)",
            f"out.append(list(reversed({name})))",
            "S.add(k)",
            "S.discard(k)",
            "S.update({5})",
            "out.append(k in S)",
        )
    )


def _attribute(random: Random, bound: Sequence[str]) -> str:
    name, attribute, value = random.choice(LOCALS), random.choice(("user", "req")), _value(random)
    return random.choice(
        (
            f"{name}.{attribute} = {value}",
            f"{name}.{attribute} = {name}.{random.choice(('user', 'req'))}",
            f"del {name}.{attribute}",
            f"out.append(hasattr({name}, '{attribute}'))",
            f"setattr({name}, '{attribute}', {value})",
            f"{name}.{attribute} = getattr({name}, '{attribute}', 0)",
        )
    )


def _of_class(random: Random, bound: Sequence[str]) -> str:
    value = _value(random)
    return random.choice(
        (
            "C.count += 1", f"C.count = {value}", "C.inst = C()", f"C.reg[k] = {value}", "C.items.append(k)", "C().bump()",
            "C.make(k)", "C.inst = None", "C.cfg = k", "out.append(C().count)", "Sub.count = 9", "out.append(Sub.count)", "Sub.make(2)",
        )
    )  # fmt: skip


def _telling(random: Random, bound: Sequence[str]) -> str:
    return f"out.append({_value(random)})"


def _value(random: Random, depth: int = 0) -> str:
    pick = random.choice
    if depth >= DEEPEST or random.random() < 0.3:
        return pick(("1", "0", "None", "'a'", "(1, 2)", "k", pick(SLOTS)))
    one, two, three = (_value(random, depth + 1) for _ in range(3))
    return pick(
        (
            f"{pick(DICTS)}.get(k, {one})",
            f"len({pick((*DICTS, *LISTS, 'S'))})",
            f"list({pick((*DICTS, *LISTS))})",
            f"sorted({pick(DICTS)}.items(), key=repr)",
            f"getattr({pick(LOCALS)}, 'user', {one})",
            f"{pick(LOCALS)}.{pick(('user', 'req'))}",
            f"({one} if {two} else {three})",
            f"(k in {pick((*DICTS, *LISTS, 'S'))})",
            f"(lambda g=1: {pick(SLOTS)})()",
            f"[{pick(SLOTS)} for _ in range(2)]",
            f"C.{pick(('reg', 'count', 'cfg'))}",
            f"f'{{{pick(SLOTS)}!r}}'",
            f"copy.copy({pick(DICTS)})",
            f"({one}, {two})",
        )
    )
