"""Where the runtime's import goes, and which imports may go with the old way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from outfall_codemods.imports import bind_runtime_names
from outfall_codemods.text import SourceText
from outfall_codemods.unused_imports import drop_unused_imports

if TYPE_CHECKING:
    from .conftest import Project

NEW = "from outfall_runtime import Registry"

PLACED = {
    "an empty head": ("X = {}\n", f"{NEW}\n\nX = {{}}\n"),
    "a comment head set apart": ("# Licence.\n\nX = {}\n", f"# Licence.\n\n{NEW}\n\nX = {{}}\n"),
    "a comment head far apart": ("# Licence.\n\n\nX = {}\n", f"# Licence.\n\n{NEW}\n\nX = {{}}\n"),
    "a comment head": ("#!/usr/bin/python\n# hello\nX = {}\n", f"#!/usr/bin/python\n# hello\n{NEW}\n\nX = {{}}\n"),
    "below docstring and future": (
        '"""Doc."""\nfrom __future__ import annotations\nX = {}\n',
        f'"""Doc."""\nfrom __future__ import annotations\n\n{NEW}\n\nX = {{}}\n',
    ),
    "below a docstring": ('"""Doc."""\nX = {}\n', f'"""Doc."""\n\n{NEW}\n\nX = {{}}\n'),
    "below a docstring and a blank line": ('"""Doc."""\n\nX = {}\n', f'"""Doc."""\n\n{NEW}\n\nX = {{}}\n'),
    "a section of its own": ("import os\nX = {}\n", f"import os\n\n{NEW}\nX = {{}}\n"),
    "sorted among third parties": (
        "import os\n\nfrom attrs import define\nfrom zope import x\n\nfrom . import y\nX = {}\n",
        f"import os\n\nfrom attrs import define\n{NEW}\nfrom zope import x\n\nfrom . import y\nX = {{}}\n",
    ),
    "before third parties that sort behind": (
        "import os\n\nfrom zope import x\n\nfrom . import y\nX = {}\n",
        f"import os\n\n{NEW}\nfrom zope import x\n\nfrom . import y\nX = {{}}\n",
    ),
    "between the future and the project's own": (
        "from __future__ import annotations\nfrom . import y\nX = {}\n",
        f"from __future__ import annotations\n\n{NEW}\n\nfrom . import y\nX = {{}}\n",
    ),
    "before the project's own by its name": (
        "import os\n\nimport app\nfrom app import y\nX = {}\n",
        f"import os\n\n{NEW}\n\nimport app\nfrom app import y\nX = {{}}\n",
    ),
    "with nothing but the project's own": ("import app\nfrom app import y\nX = {}\n", f"{NEW}\n\nimport app\nfrom app import y\nX = {{}}\n"),
    "before the project's own": (
        "import os\n\nfrom . import y\nX = {}\n",
        f"import os\n\n{NEW}\n\nfrom . import y\nX = {{}}\n",
    ),
    "where most imports are": (
        "import sys\nif sys.argv:\n    patch()\nimport os\nimport re\n\nX = {}\n",
        f"import sys\nif sys.argv:\n    patch()\nimport os\nimport re\n\n{NEW}\n\nX = {{}}\n",
    ),
    "never below the first use": ("import os\nX = {}\nimport re\nimport json\n", f"import os\n\n{NEW}\nX = {{}}\nimport re\nimport json\n"),
    "comments in an import that grows stay beside their names": (
        "from outfall_runtime import (\n    Slot,  # one\n    # more\n    flags,  # two\n)\nX = {}\n",
        "from outfall_runtime import (\n    Slot,  # one\n    # more\n    flags, Registry,  # two\n)\nX = {}\n",
    ),
    "an import that is there grows": (
        "from outfall_runtime import flags\nX = {}\n",
        "from outfall_runtime import Registry, flags\nX = {}\n",
    ),
    "an import that is there suffices": (f"{NEW}\nX = {{}}\n", f"{NEW}\nX = {{}}\n"),
    "a taken name": ("class Registry: ...\nX = {}\n", f"{NEW} as OutfallRegistry\n\nclass Registry: ...\nX = {{}}\n"),
    "a name that a star may take": ("from m import *\nX = {}\n", f"from m import *\n{NEW} as OutfallRegistry\nX = {{}}\n"),
}  # fmt: skip

KEPT = {
    "still used": "import threading\nthreading.Lock()\n",
    "named in an annotation": "import threading\nx: 'threading.Lock'\n",
    "exported": "import threading\n__all__ = ['threading']\n",
    "not a candidate": "import os\n",
    "inside try": "try:\n    import threading\nexcept ImportError:\n    pass\n",
}

DROPPED = {
    "alone": ("import os\nimport threading\nx = 1\n", "import os\nx = 1\n"),
    "first of several": ("import threading, os\n", "import os\n"),
    "last of several": ("import os, threading\n", "import os\n"),
    "from importlib": ("from importlib import threading, util\n", "from importlib import util\n"),
    "under another name": ("import threading as t\nimport os\n", "import os\n"),
    "at the top, with all blank lines below": ("import threading\n\n\nx = 1\n", "x = 1\n"),
    "mentioned in a docstring only": ('"""About threading."""\nimport threading\nx = 1\n', '"""About threading."""\nx = 1\n'),
}


@pytest.mark.parametrize("name", PLACED)
def test_the_import_stands_where_a_colleague_would_put_it(name: str) -> None:
    before, after = PLACED[name]
    source = SourceText("app.py", before)
    line = next(number for number, text in enumerate(source.lines, start=1) if text.startswith("X ="))
    edit = bind_runtime_names(source, ["Registry"], line, {"app"}).edit
    assert (before if edit is None else before[: edit.start] + edit.text + before[edit.end :]) == after


@pytest.mark.parametrize("name", KEPT)
def test_an_import_that_anything_may_need_stays(name: str) -> None:
    assert drop_unused_imports(SourceText("app.py", KEPT[name]), {"threading"}) == (KEPT[name], [])


@pytest.mark.parametrize("name", DROPPED)
def test_an_orphaned_import_goes(name: str) -> None:
    before, after = DROPPED[name]
    text, lines = drop_unused_imports(SourceText("app.py", before), {"threading", "t"})
    assert text == after
    assert len(lines) == 1


def test_a_taken_function_name_gets_an_alias_in_its_own_spelling() -> None:
    taken = SourceText("app.py", "def slot_of():\n    pass\n")
    bound = bind_runtime_names(taken, ["class_slot", "slot_of"], 3)
    assert bound.names == {"class_slot": "class_slot", "slot_of": "outfall_slot_of"}


NESTED = {
    "called as what the file imports": (
        "import os\n\nimport attr\nimport django\n\nfrom app import other\n", "import os\n\nimport attr\nimport django\nNEW\n\nfrom app import other\n",
    ),
    "called as a module of the standard library": ("import sys\nimport time\n", "import sys\nimport time\n\nNEW\n"),
}


@pytest.mark.parametrize("folder", ["django", "time"])
@pytest.mark.parametrize("name", NESTED)
def test_a_folder_within_a_package_is_no_package_of_its_own(name: str, folder: str, project: Project) -> None:
    before, after = NESTED[name]
    for package in ("app", f"app/{folder}"):
        project.write(f"{package}/__init__.py", "")
    project.write(f"app/{folder}/time.py", before + "\nX = {}\ndef put(k):\n    X[k] = 1\n")
    (change,) = (each for each in project.migration().changes if each.path.endswith("time.py"))
    assert change.after.decode().partition("\nX =")[0] == after.replace("NEW", "from outfall_runtime import StagedRegistry")
