"""Which records and drafts have an identifier: the repository's search, kept to what is exactly meant."""

from yarl import URL

from cern_assets.model.publications import Published, Sought
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.parse import has_identifier, hits, remote_draft, remote_published, remote_record

_PAGE = 25
"""Hits looked at for one identifier: it is in one record, or in the few that share it by mistake."""


async def find(connection: Connection, api: URL, identifier: str) -> Sought:
    """Search published records, and what the depositor owns: two requests."""
    found = await find_published(connection, api, identifier)
    asked = {**_query(identifier), "shared_with_me": "false"}
    answer = await connection.read(api / "user" / "records", asked) or {}
    ours = [hit for hit in hits(answer) if has_identifier(hit, identifier)]
    # Of a record with a draft, be it of a later version, the depositor's own shows the draft: both have one parent.
    parents = {remote_record(hit).parent_id for hit in ours} - {""}
    published = tuple(record for record in found if record.parent_id in parents)
    # A draft of a published record stands in for it among the depositor's own: the record is in the other answer. One
    # that was just published may still be shown as the draft that it was.
    shown = {record.record_id for record in found}
    drafts = tuple(
        remote_draft(hit)
        for hit in ours
        if hit.get("is_draft") and not hit.get("is_published") and hit.get("id") not in shown
    )
    # Restricted records may be among the depositor's own only.
    restricted = {hit["id"]: remote_published(hit) for hit in ours if not hit.get("is_draft")}
    known = {record.record_id for record in published}
    own = (*published, *(record for id_, record in restricted.items() if id_ not in known), *drafts)
    return Sought(own=own, others=tuple(record for record in found if record.parent_id not in parents))


async def find_published(connection: Connection, api: URL, identifier: str) -> tuple[Published, ...]:
    """Search published records, of whatever owner: one request."""
    found = await connection.read(api / "records", _query(identifier)) or {}
    return tuple(remote_published(hit) for hit in hits(found) if has_identifier(hit, identifier))


def _query(identifier: str) -> dict[str, str]:
    quoted = identifier.replace("\\", "\\\\").replace('"', '\\"')
    return {"q": f'metadata.identifiers.identifier:"{quoted}"', "size": str(_PAGE), "allversions": "false"}
