"""What the code agrees on with itself, where no linter looks. A failure lists the places."""

import ast
import re
from pathlib import Path

import pytest

from cern_assets import errors
from cern_assets_tests.conventions.sources import CHECKOUT, PACKAGE, TESTS, modules, named, tree

SETTINGS = PACKAGE / "settings.py"
LONGEST_MODULE = 400
SHORTEST_NAME = 4


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def _tests(path: Path) -> list[ast.FunctionDef]:
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    return [function for function in found if function.name.startswith("test_")]


def test_every_module_of_the_package_says_what_it_is() -> None:
    assert [named(path) for path in modules(PACKAGE) if not ast.get_docstring(tree(path))] == []


def test_every_module_of_tests_says_what_it_guards() -> None:
    guards = [path for path in modules(TESTS) if path.stem != "__init__"]
    assert [named(path) for path in guards if not ast.get_docstring(tree(path))] == []


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in [*modules(PACKAGE), *modules(TESTS)]}
    assert [named(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_a_package_re_exports_nothing() -> None:
    """But the outermost one, where Dagster looks for components."""
    packages = [path for path in modules(PACKAGE) if path.stem == "__init__" and path.parent != PACKAGE]
    assert [named(path) for path in packages if len(tree(path).body) > 1] == []


def test_no_module_is_longer_than_one_can_keep_in_mind() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(PACKAGE)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_dagster_can_read_every_annotation_at_run_time() -> None:
    postponed = re.compile(r"^from __future__ import annotations", re.MULTILINE)
    read_by_dagster = [*modules(PACKAGE / "defs"), PACKAGE / "definitions.py"]
    assert [named(path) for path in read_by_dagster if postponed.search(path.read_text(encoding="utf-8"))] == []


def test_only_settings_reads_the_environment() -> None:
    reading = re.compile(r"\bos\.(environ|getenv|environb|getenvb)\b|\bfrom os import .*environ")
    readers = [path for path in modules(PACKAGE) if reading.search(path.read_text(encoding="utf-8"))]
    assert [named(path) for path in readers] == [named(SETTINGS)]


def test_library_code_prints_nothing() -> None:
    printing = [
        f"{named(path)}:{call.lineno}"
        for path in modules(PACKAGE)
        for call in _calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]
    assert printing == []


def test_an_ignored_warning_has_its_reason_beside_it() -> None:
    ignoring = re.compile(r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])(?P<reason>.*)$")
    bare = []
    for path in modules(PACKAGE):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            found = ignoring.search(line)
            above = lines[number - 2].strip() if number > 1 else ""
            if found and not found["reason"].strip(" #") and not above.startswith("#"):
                bare.append(f"{named(path)}:{number}")
    assert bare == []


def test_every_error_is_raised_somewhere() -> None:
    """An error that nothing raises is a promise that nothing keeps; those with children are there to be caught.

    To be named is not enough: the error has to be made, or handed on as a class to what makes it.
    """
    tree_of_errors = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    leaves = {kind.__name__ for kind in tree_of_errors if not kind.__subclasses__()}
    raised = {
        name
        for path in modules(PACKAGE)
        if path != PACKAGE / "errors.py"
        for node in ast.walk(tree(path))
        for name in _made(node)
    }
    assert leaves - raised == set()


def _made(node: ast.AST) -> list[str]:
    """Names that are called, returned, raised, or given to a call that is no question about an exception at hand."""
    if isinstance(node, ast.Raise | ast.Return) and isinstance(
        node.exc if isinstance(node, ast.Raise) else node.value, ast.Name
    ):
        value = node.exc if isinstance(node, ast.Raise) else node.value
        assert isinstance(value, ast.Name)
        return [value.id]
    if not isinstance(node, ast.Call):
        return []
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    given = [] if called in ("isinstance", "issubclass", "suppress") else node.args
    return [called, *(argument.id for argument in given if isinstance(argument, ast.Name))]


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = set(re.findall(r"\b\w+Error\b", errors.__doc__ or ""))
    defined = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert drawn == defined


def test_the_name_of_a_test_is_a_sentence() -> None:
    short = [
        f"{named(path)}: {test.name}"
        for path in modules(TESTS)
        for test in _tests(path)
        if len(test.name.removeprefix("test_").split("_")) < SHORTEST_NAME
    ]
    assert short == []


def test_no_two_tests_of_a_module_have_one_name() -> None:
    """The second would hide the first."""
    for path in modules(TESTS):
        module = tree(path)
        bodies = [module.body, *(node.body for node in module.body if isinstance(node, ast.ClassDef))]
        for body in bodies:
            names = [node.name for node in body if isinstance(node, ast.FunctionDef)]
            assert len(names) == len(set(names)), named(path)


@pytest.mark.parametrize("view", sorted((CHECKOUT / "sql" / "views").glob("*.sql")), ids=lambda view: view.stem)
def test_a_view_is_named_like_its_file_and_begins_with_its_question(view: Path) -> None:
    text = view.read_text(encoding="utf-8")
    assert f"CREATE VIEW {view.stem} AS" in text
    assert text.startswith("-- ")
    assert "?" in text.splitlines()[0]
