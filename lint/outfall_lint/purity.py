"""Whether a value is equal whenever and by whomever it is made: computed of constants, or a fact about the machine."""

from __future__ import annotations

import ast

from outfall_lint.names import Names
from outfall_lint.paths import last_name
from outfall_lint.scopes import FUNCTION, Binding, Scope

_PURE = frozenset(
    "dict list set tuple frozenset range sorted reversed len str bytes int float bool enumerate zip map filter chr ord min max sum "
    "dir hex repr join split union intersection difference keys values items format encode decode upper lower maketrans "
    "compile escape Struct getLogger fromhex fromkeys".split()
)
"""Calls, by their last name, that give an equal result each time, of the same arguments."""
_MACHINE = ("platform.", "sysconfig.", "pwd.", "grp.")
"""Modules that tell what is so as long as the process lives."""
_FACTS = frozenset(
    "os.cpu_count os.uname os.path.abspath os.path.dirname os.path.join os.path.realpath os.path.expanduser "
    "shutil.which socket.gethostname sys.getdefaultencoding sys.getfilesystemencoding importlib.util.find_spec".split()
)
_WHOLE = (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.ListComp, ast.SetComp, ast.DictComp, ast.JoinedStr)
_PARTS = (ast.Subscript, ast.BinOp)


PURE = " of constants"
"""The end of what is said of a value that is equal whenever it is made."""
SETTLED = " of the module's names"
"""The end of what is said of a value that is equal whenever it is made, as far as nothing changes the module's names."""
_DEPTH = 3  # locals made of locals


def purity(names: Names, scope: Scope, value: ast.AST) -> str:
    """`PURE` or `SETTLED`; empty where the value may be another each time, and for an empty container: it is made to be filled."""
    if isinstance(value, (ast.Dict, ast.List, ast.Set)) and not (value.values if isinstance(value, ast.Dict) else value.elts):
        return ""
    if isinstance(value, _PARTS):  # an entry of a table, a sum of variables: the same only where a call gives what they are of
        made = any(isinstance(part, ast.Call) for part in ast.walk(value))
        return PURE if made and _same(names, scope, value, (), strict=True) else ""
    if not isinstance(value, (ast.Call, *_WHOLE)) or not _same(names, scope, value, (), strict=False):
        return ""
    return PURE if _same(names, scope, value, (), strict=True) else SETTLED


def _same(names: Names, scope: Scope, value: ast.AST, within: tuple[Binding, ...], strict: bool) -> bool:
    """Whether all parts of an expression are the same each time; `strict`: of the module's names only constants are."""
    parts = list(ast.walk(value))
    own = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    for part in parts:
        if isinstance(part, ast.Call):
            if not _is_pure_call(names, scope, part):
                return False
        elif isinstance(part, ast.Name):
            if part.id not in own and not _is_fixed(names, scope, part.id, within, strict):
                return False
        elif isinstance(part, (ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)):
            return False
    return True


def _is_pure_call(names: Names, scope: Scope, call: ast.Call) -> bool:
    function = call.func
    name = names.dotted(scope, function)
    if name.startswith(_MACHINE) or name in _FACTS:
        return True
    return last_name(function) in _PURE and bool(call.args or call.keywords or isinstance(function, ast.Attribute))


def _is_fixed(names: Names, scope: Scope, name: str, within: tuple[Binding, ...], strict: bool) -> bool:
    """Whether a name's value does not hang on who calls: no parameter, and no local that is made of one."""
    owner = scope.owner(name)
    if owner is None:
        return True
    if owner.kind != FUNCTION and not strict:
        return True
    bindings = owner.bindings.get(name, [])
    if name in owner.parameters or len(within) > _DEPTH or (owner.kind != FUNCTION and len(bindings) > 1):
        return False
    return all(b.how == "import" or _is_constant(names, owner, b, within, strict) for b in bindings)


def _is_constant(names: Names, owner: Scope, binding: Binding, within: tuple[Binding, ...], strict: bool) -> bool:
    value = binding.value
    if binding.how not in ("assign", "walrus") or not isinstance(value, ast.AST) or any(binding is one for one in within):
        return False
    if owner.kind != FUNCTION and isinstance(value, (ast.Dict, ast.List, ast.Set)) and not any(ast.iter_child_nodes(value)):
        return False
    return _same(names, owner, value, (*within, binding), strict)
