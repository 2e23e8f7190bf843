"""Communities of a record: which of the target stand for those of the source, by the collection's own word."""

from collections.abc import Iterable, Mapping

from cern_assets.model.findings import Finding


def carried(stated: Iterable[str], table: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Communities of the target in the order in which the record states its own, and a note of each without one."""
    stated = tuple(stated)
    taken = dict.fromkeys(table[name] for name in stated if name in table)
    return tuple(taken), tuple(_not_carried(name) for name in stated if name not in table)


def _not_carried(name: str) -> Finding:
    return Finding(
        code="community-not-carried",
        severity="note",
        field="communities",
        value=name,
        message="The record is in this community at the source, and `communities` of the collection names none of the "
        "target for it: the description tells of it, and no community is asked.",
    )
