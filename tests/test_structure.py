"""How the code hangs together: one name for one class, no circle of imports, arguments and methods explained."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "openbioner_batch"


def test_no_two_public_classes_share_a_name() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for folder in (PACKAGE, "jobs", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 300
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def texts_of_constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The public constants of a module that are text, or several texts: name, and value as it is written."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        each = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        for name, one in zip(target.elts, value.elts, strict=True) if each else [(target, value)]:  # type: ignore[attr-defined]
            texts = one.elts if isinstance(one, ast.Tuple) else [one]
            are_text = texts and all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts)
            if are_text and isinstance(name, ast.Name) and not name.id.startswith("_"):
                yield name.id, ast.unparse(one)


def test_no_two_modules_give_a_constant_the_same_name_and_text() -> None:
    places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for module, tree in modules().items():
        for constant in texts_of_constants(tree):
            places[constant].append(module)
    assert len(places) > 200
    assert {constant: found for constant, found in places.items() if len(found) > 1} == {}


def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / PACKAGE).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: ast.parse(path.read_text("utf-8")) for name, path in zip(names, paths, strict=True)}


def imported(tree: ast.Module, known: dict[str, ast.Module]) -> Iterator[str]:
    """The package's modules that a module names in any import: within functions and for types alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, "imports are absolute"
            for one in node.names:
                below = f"{node.module}.{one.name}"
                if below in known or node.module in known:
                    yield below if below in known else node.module


def test_no_import_leads_back_to_its_module() -> None:
    known = modules()
    graph = {name: set(imported(tree, known)) - {name} for name, tree in known.items()}
    assert sum(map(len, graph.values())) > 1000
    TopologicalSorter(graph).prepare()  # raises CycleError with the modules of a circle


def test_the_arguments_of_classes_with_three_or_more_are_explained() -> None:
    unexplained, classes = {}, 0
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                continue
            for method in node.body:
                if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
                    continue
                names = [one.arg for one in (*method.args.args[1:], *method.args.kwonlyargs)]
                docstrings = "".join(ast.get_docstring(one, clean=False) or "" for one in (node, method))
                explained = re.findall(r"^ +(\w+): ", docstrings, re.MULTILINE)
                if len(names) > 2:
                    classes += 1
                    if missing := set(names) - set(explained):
                        unexplained[f"{module}.{node.name}"] = missing
    assert classes > 20
    assert unexplained == {}


def spelled_out(pattern: str) -> list[Path]:
    """The files of a pattern such as `formats/{iob,brat}.py`."""
    before, names, after = re.fullmatch(r"(.*)\{(.*)\}(.*)", pattern).groups()  # type: ignore[union-attr]
    return [ROOT / f"{before}{name}{after}" for name in names.split(",")]


def test_public_methods_without_a_docstring_fill_in_one_that_has_its_own() -> None:
    """Of the files in which ruff asks for none; everywhere else ruff sees to it."""
    ignored = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]["per-file-ignores"]
    files = [path for pattern, rules in ignored.items() if "D102" in rules for path in spelled_out(pattern)]
    bare: dict[str, bool] = {}
    for path in files:
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
        for cls in vars(module).values():
            if inspect.isclass(cls) and cls.__module__ == module.__name__:
                for name, method in vars(cls).items():
                    if inspect.isfunction(method) and not name.startswith("_") and not method.__doc__:
                        bases = [vars(base)[name] for base in cls.__mro__[1:] if name in vars(base)]
                        bare[f"{cls.__name__}.{name}"] = any(one.__doc__ for one in bases)
    assert len(bare) > 60
    assert [name for name, is_told in bare.items() if not is_told] == []
