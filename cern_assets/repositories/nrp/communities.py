"""Requests to communities: for the review of a draft, and for taking a record that is published."""

from yarl import URL

from cern_assets.errors import ConfigurationError
from cern_assets.model.publications import Review
from cern_assets.model.values import JsonObject
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.parse import inclusion, inclusion_in, remote_review

_REQUESTS = 100
"""The latest requests about a record that are looked through: far more than there are communities to be asked."""


async def submit_review(connection: Connection, api: URL, draft_url: URL, community: str) -> Review:
    """Name the community that is to take a draft, and submit it."""
    receiver: JsonObject = {
        "receiver": {"community": await _community_id(connection, api, community)},
        "type": "community-submission",
    }
    await connection.send("PUT", draft_url / "review", receiver)
    return remote_review(await connection.send("POST", draft_url / "actions" / "submit-review", {}))


async def include(connection: Connection, api: URL, record_url: URL, community: str) -> Review:
    """Ask a community to take a published record."""
    wanted: JsonObject = {"communities": [{"id": await _community_id(connection, api, community)}]}
    return inclusion(await connection.send("POST", record_url / "communities", wanted))


async def included(connection: Connection, api: URL, record_url: URL, community: str) -> Review | None:
    """The latest request to a community to take a published record, by the search of requests."""
    receiver = await _community_id(connection, api, community)
    asked = {"sort": "newest", "size": str(_REQUESTS)}
    return inclusion_in(await connection.read(record_url / "requests", asked) or {}, receiver)


async def _community_id(connection: Connection, api: URL, community: str) -> str:
    known = await connection.read(api / "communities" / community)
    if known is None:
        raise ConfigurationError(
            f"The repository {api.parent} has no community {community!r}.",
            field="community",
            value=community,
            remedy="Correct the collection, or have the community made.",
        )
    return str(known.get("id"))
