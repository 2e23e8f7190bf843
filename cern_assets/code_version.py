"""The version of a rule that is code: a hash that moves when what the code does may have moved, and for nothing else.

Of each function, the text that counts is its syntax tree without comments, docstrings and annotations, together with
that of every function, class and constant of this package that it names, and so on. A client's new comment, a model's
new field or a module that nobody calls do not count.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

type _Name = tuple[str, str]
"""A module, and a name at its top level."""


def code_version(*functions: Callable[..., object], besides: Iterable[str] = ()) -> str:
    """SHA-256 (hex) over the syntax of functions and of all that they reach in their own package.

    `besides` are texts that count as well: of data that the functions read, or versions of libraries. Functions are
    those of modules, not lambdas; one that stands inside another counts as the outer one.

    Raises:
        ValueError: a function is not of a module whose text is at hand.
    """
    found = dict(_reached({(function.__module__, function.__qualname__.partition(".")[0]) for function in functions}))
    text = "\n".join([*(found[name] for name in sorted(found)), *besides])
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Module:
    """What stands at the top level of a module: statements by the names they give, types, and imports from where."""

    statements: Mapping[str, ast.stmt]
    types: frozenset[str]
    imported: Mapping[str, _Name]


def _reached(start: set[_Name]) -> Iterator[tuple[_Name, str]]:
    waiting, seen = list(start), set(start)
    while waiting:
        module_name, name = waiting.pop()
        module = _module(module_name)
        statement = module.statements.get(name)
        if statement is None:
            if name in module.imported:
                following = {module.imported[name]}
            elif (module_name, name) in start:
                raise ValueError(f"{module_name} has no {name} at its top level.")
            else:  # a module that was imported by its name
                inner = f"{module_name}.{name}"
                following = set() if name in module.types else {(inner, each) for each in _module(inner).statements}
        else:
            bare = _Bare().visit(statement)
            yield (module_name, name), f"{module_name}.{name} {ast.dump(bare)}"
            following = {
                module.imported.get(node.id, (module_name, node.id))
                for node in ast.walk(bare)
                if isinstance(node, ast.Name) and (node.id in module.statements or node.id in module.imported)
            }
        waiting += sorted(following - seen)
        seen |= following


def _module(name: str) -> _Module:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ValueError(f"The text of the module {name} is not at hand.")
    path = Path(spec.origin)
    return _parsed(name, path, path.stat().st_mtime_ns)


@cache
def _parsed(name: str, path: Path, _modified_ns: int) -> _Module:
    package = name.partition(".")[0]
    statements: dict[str, ast.stmt] = {}
    types: set[str] = set()
    imported: dict[str, _Name] = {}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom):
            if statement.module and statement.module.partition(".")[0] == package:
                imported |= {alias.asname or alias.name: (statement.module, alias.name) for alias in statement.names}
        elif isinstance(statement, ast.TypeAlias):
            types.add(statement.name.id)
        else:
            statements |= dict.fromkeys(_given(statement), statement)
    return _Module(statements, frozenset(types), imported)


def _given(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module gives."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


class _Bare(ast.NodeTransformer):
    """Syntax without what does nothing: docstrings, annotations, and the fields of classes."""

    def visit(self, node: ast.AST) -> Any:
        """Leave the tree that is shared as it is, and give back a bare copy."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            bare = [self.visit(statement) for statement in node.body if not _is_text(statement)]
            arguments = ast.arguments(
                posonlyargs=[ast.arg(each.arg) for each in node.args.posonlyargs],
                args=[ast.arg(each.arg) for each in node.args.args],
                vararg=ast.arg(node.args.vararg.arg) if node.args.vararg else None,
                kwonlyargs=[ast.arg(each.arg) for each in node.args.kwonlyargs],
                kw_defaults=node.args.kw_defaults,
                kwarg=ast.arg(node.args.kwarg.arg) if node.args.kwarg else None,
                defaults=node.args.defaults,
            )
            return ast.FunctionDef(
                name=node.name, args=arguments, body=bare, decorator_list=node.decorator_list, type_params=[]
            )
        if isinstance(node, ast.ClassDef):
            does = (each for each in node.body if not _is_text(each) and not isinstance(each, ast.AnnAssign))
            kept = [self.visit(each) for each in does]
            return ast.ClassDef(
                name=node.name, bases=node.bases, keywords=node.keywords, body=kept, decorator_list=[], type_params=[]
            )
        if isinstance(node, ast.AnnAssign):
            return ast.Assign(targets=[node.target], value=node.value or ast.Constant(None))
        return node


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
