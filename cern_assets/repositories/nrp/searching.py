"""Which records and drafts have an identifier: the repository's search, kept to what is exactly meant."""

from dataclasses import dataclass
from datetime import UTC, datetime

from yarl import URL

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.model.publications import Published, RemoteRecord, Sought
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.parse import (
    has_doi,
    has_identifier,
    hits,
    remote_draft,
    remote_published,
    remote_record,
)

_PAGE = 25
"""Hits looked at for one identifier: it is in one record, or in the few that share it by mistake."""

_OWN_PAGE = 100


async def find(connection: Connection, api: URL, identifier: str, doi: str | None) -> Sought:
    """Search published records, and what the depositor owns: two requests."""
    shown_all = await find_published(connection, api, identifier, doi)
    found = tuple(record for record in shown_all if record.has_identifier(identifier))
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
    others = tuple(record for record in found if record.parent_id not in parents)
    return Sought(own=own, others=others, sharing=tuple(record for record in shown_all if record not in found))


async def find_published(connection: Connection, api: URL, identifier: str, doi: str | None) -> tuple[Published, ...]:
    """Search published records, of whatever owner: one request."""
    found = await connection.read(api / "records", _query(identifier, doi)) or {}
    return tuple(
        remote_published(hit) for hit in hits(found) if has_identifier(hit, identifier) or (doi and has_doi(hit, doi))
    )


@dataclass(frozen=True)
class OwnPage:
    """A page of what a depositor owns, and where the list goes on after it.

    InvenioRDM gives 10,000 hits of one search, page by page, and no more. Hence each page is a search of its own, for
    what was made at or after the last record that is known (`since`, which has been `seen` up to there); only where
    more than a page was made in one millisecond, it is the next `number` of the same search. A record that vanishes
    while they are listed moves no other across the edge of a page.
    """

    records: tuple[RemoteRecord, ...] = ()
    since: str = ""
    number: int = 1
    seen: frozenset[str] = frozenset()
    listed: int = 0
    total: int | None = None
    more: bool = True


async def own_page(connection: Connection, api: URL, before: OwnPage) -> OwnPage:
    """The page after another, the oldest records first: one request.

    Raises:
        RepositoryUnavailableError: fewer records were listed than the repository counts, or not in order.
    """
    asked = {"size": str(_OWN_PAGE), "page": str(before.number), "sort": "oldest", "allversions": "false"}
    if before.since:
        asked["q"] = f'created:["{before.since}" TO *]'
    answer = await connection.read(api / "user" / "records", {**asked, "shared_with_me": "false"}) or {}
    found, counted = hits(answer), answer.get("hits", {}).get("total")
    total = counted if before.total is None else before.total
    made = [_as_indexed(hit.get("created")) for hit in found]
    records = tuple(record for record in map(remote_record, found) if record.record_id not in before.seen)
    listed, more = before.listed + len(records), len(found) >= _OWN_PAGE
    in_order = "" not in made and made == sorted([before.since, *made])[1:]
    if not isinstance(total, int) or not in_order or (not more and listed < total):
        raise RepositoryUnavailableError(
            f"The repository does not list all of its depositor's records: it says that there are {total}, and "
            f"{listed:,} are listed.",
            remedy="Try again when nothing else writes to it, or compare without the repository's list.",
        )
    since = made[-1] if made else before.since
    same = since == before.since
    latest = {str(hit.get("id")) for hit, moment in zip(found, made, strict=True) if moment == since}
    number, seen = (before.number + 1, before.seen | latest) if same else (1, frozenset(latest))
    return OwnPage(records, since, number, seen, listed, total, more)


def _as_indexed(created: object) -> str:
    """A moment in UTC, cut to milliseconds as the index does; "" for what is none."""
    try:
        moment = datetime.fromisoformat(str(created)).astimezone(UTC)
    except ValueError:
        return ""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _query(identifier: str, doi: str | None = None) -> dict[str, str]:
    asked = f"metadata.identifiers.identifier:{_quoted(identifier)}"
    if doi is not None:
        asked += f" OR pids.doi.identifier:{_quoted(doi)} OR metadata.identifiers.identifier:{_quoted(doi)}"
    return {"q": asked, "size": str(_PAGE), "allversions": "false"}


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
