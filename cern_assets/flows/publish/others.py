"""Records of other users under a recid's identifier: told of and left alone.

An identifier is no secret: anybody may write it into a record of their own, and must neither stop nor take over ours.
Only where the collection's community has taken such a record, it counts as ours.
"""

from collections.abc import Iterable

from cern_assets.model.findings import Finding
from cern_assets.model.publications import Published


def trusted(record: Published, community: str | None) -> bool:
    """Whether somebody else's record may be ours all the same: the curators of the collection's community took it."""
    return community is not None and community in record.communities


def strangers(records: Iterable[Published]) -> tuple[Finding, ...]:
    """A finding for each record that is not ours, with its address."""
    return tuple(_finding(record) for record in records)


def _finding(record: Published) -> Finding:
    return Finding(
        code="identifier-of-another",
        severity="warning",
        field="metadata.identifiers",
        value=record.url,
        message=f"Another user's record, {record.url}, has the identifier of this one. It was left alone: have its "
        "owner or the repository's curators correct it, or name the community that has it in the collection.",
    )
