"""What we said last, what is there now, and what is wanted now: three values of a field, and which of them stands.

People edit records in the target. A field that is not as we left it was edited by somebody; that is never overwritten
without being told, and by default not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cern_assets.metadata.comparison import COMPARED, unlike
from cern_assets.model.collections import EditPolicy
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json, JsonObject

_OPEN = ("metadata", "custom_fields")
"""Sections in which a field that we never said is somebody's; in the others the target adds its own."""


@dataclass(frozen=True)
class Merged:
    """What is to be sent, whether the record is not so yet, and the fields that somebody edited."""

    payload: JsonObject
    differs: bool
    findings: tuple[Finding, ...] = ()


def merge(wanted: JsonObject, there: JsonObject, said: Sequence[JsonObject], policy: EditPolicy) -> Merged:
    """Merge field by field (`metadata.title`); `said` are the payloads that may stand there as we left it.

    Without any, nobody knows what we left, and what is wanted stands. A field counts as ours as long as all that we
    said is there; what a person adds inside of it does not show.
    """
    sections = {name: dict(_section(wanted, name)) for name in COMPARED if name in wanted or _section(there, name)}
    findings, differs = [], False
    for section, name in _fields(wanted, there, said):
        want, now = _section(wanted, section).get(name), _section(there, section).get(name)
        left = [_section(payload, section).get(name) for payload in said]
        if not unlike(want, now):
            continue
        if not said or any(not unlike(value, now) for value in left):
            differs = True
            continue
        field = f"{section}.{name}"
        keeps = policy.of(field) == "keep"
        findings.append(_edited(field, want, now, keeps=keeps, changed=unlike(want, left[-1])))
        differs = differs or not keeps
        if keeps and now is None:
            sections[section].pop(name, None)
        elif keeps:
            sections[section][name] = _as_input(now)
    payload = {**wanted, **{name: fields for name, fields in sections.items() if fields or name in wanted}}
    return Merged(payload, differs, tuple(findings))


def _fields(wanted: JsonObject, there: JsonObject, said: Sequence[JsonObject]) -> Iterator[tuple[str, str]]:
    """All fields that are wanted, or that somebody else may have put there."""
    for section in COMPARED:
        names = dict.fromkeys(_section(wanted, section))
        if section in _OPEN:
            names |= dict.fromkeys(_section(there, section)) if said else {}
        yield from ((section, name) for name in names)


def _section(payload: JsonObject, name: str) -> JsonObject:
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def _as_input(value: Json) -> Json:
    """A value as it may be sent back: of a vocabulary's term, the target answers its title too."""
    if isinstance(value, Mapping):
        shown = {key: _as_input(inner) for key, inner in value.items()}
        is_term = isinstance(shown.get("title"), Mapping) or isinstance(shown.get("name"), str)
        return {"id": shown["id"]} if "id" in shown and is_term else shown
    if isinstance(value, list):
        return [_as_input(item) for item in value]
    return value


def _edited(field: str, wanted: Json, now: Json, *, keeps: bool, changed: bool) -> Finding:
    done = "kept" if keeps else "overwritten"
    return Finding(
        code="edited-in-target",
        severity="warning" if changed or not keeps else "note",
        field=field,
        value=shorten(now),
        message=f"Somebody edited {field} in the repository: it says {shorten(now)}, and we would say "
        f"{shorten(wanted)}. The edit was {done}, as the collection's policy says.",
    )
