"""Curation applied to a deposit: JSON Patches (RFC 6902), by the library `jsonpatch`.

A patch stands for corrections that do not depend on each other. So operations are applied in steps: the tests that come
before a change belong to it, and where they do not hold, that change alone is left out, with both values. What the
source has changed since is then what the deposit says.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any, cast

import jsonpatch
import jsonpointer

from cern_assets.model.curation import Curation, Operation
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import JsonObject, content_hash

_FAILED = (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError)


def curated(deposit: JsonObject, curation: Curation) -> tuple[JsonObject, tuple[Finding, ...]]:
    """Give the corrected deposit, and a finding for each correction that no longer applies.

    A patch that was made for another deposit, and applies all the same, is a note.
    """
    document: Any = deepcopy(dict(deposit))
    findings: list[Finding] = []
    for step in _steps(curation.patch):
        try:
            document = jsonpatch.JsonPatch([each.as_json() for each in step]).apply(document)
        except _FAILED as error:
            findings.append(_conflict(document, step, error))
    if not findings and content_hash(deposit) != curation.made_for:
        message = "Made for an earlier deposit of this record; every correction applies all the same."
        findings.append(_note("curation-rebased", curation.made_for, message))
    return cast("JsonObject", document), tuple(findings)


def patch_between(before: JsonObject, after: JsonObject) -> tuple[Operation, ...]:
    """The operations that make the one deposit the other, each after a test of what it replaces or removes.

    Raises:
        ValueError: they differ in a place that is not for curation.
    """
    made: list[Operation] = []
    document: Any = deepcopy(dict(before))
    for said in jsonpatch.make_patch(dict(before), dict(after)).patch:
        operation = Operation.model_validate(said)
        if operation.op in ("replace", "remove"):
            there = jsonpointer.resolve_pointer(document, operation.path)
            made.append(Operation(op="test", path=operation.path, value=there))
        made.append(operation)
        document = jsonpatch.JsonPatch([said]).apply(document)
    return tuple(made)


def _steps(patch: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Each change with the tests before it; tests at the end are a step of their own."""
    step: list[Operation] = []
    for operation in patch:
        step.append(operation)
        if operation.op != "test":
            yield step
            step = []
    if step:
        yield step


def _conflict(document: Any, step: list[Operation], error: Exception) -> Finding:
    last = step[-1]
    expected = next((each for each in step if each.op == "test"), last)
    there = jsonpointer.resolve_pointer(document, expected.path, "nothing")
    wanted = f"{expected.op} {shorten(expected.value, 200)}" if expected.op != "test" else shorten(expected.value, 200)
    message = (
        f"This correction no longer applies and is left out: expected {wanted}, there is {shorten(there, 200)}; "
        f"it wanted {last.op} {shorten(last.value, 200)} ({type(error).__name__})."
    )
    return Finding(
        code="curation-conflict",
        severity="warning",
        field=last.path.removeprefix("/").replace("/", "."),
        value=shorten(there),
        message=message,
    )


def _note(code: str, value: str, message: str) -> Finding:
    return Finding(code=code, severity="note", field="curation", value=shorten(value), message=message)
