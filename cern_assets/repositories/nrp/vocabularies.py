"""The vocabularies of a repository, through its REST API."""

from yarl import URL

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.model.publications import HeldTerms
from cern_assets.repositories.nrp.connection import Connection
from cern_assets.repositories.nrp.parse import hits

_OF_THEIR_OWN = frozenset(("affiliations", "funders", "names", "subjects"))
"""Vocabularies that have addresses of their own."""

_PAGE = 1000
_LISTED = 10_000
"""Hits of one search that InvenioRDM shows, over all pages."""


def place(api: URL, vocabulary: str) -> URL:
    """Where the terms of a vocabulary are found."""
    return api / vocabulary if vocabulary in _OF_THEIR_OWN else api / "vocabularies" / vocabulary


async def held_terms(connection: Connection, api: URL, vocabulary: str) -> HeldTerms | None:
    """Count a vocabulary and list its ids, a request for each thousand; one of more than 10,000 is counted only.

    Raises:
        RepositoryUnavailableError: it lists fewer terms than it counts.
    """
    ids: set[str] = set()
    total, newest = 1, ""
    for page in range(1, _LISTED // _PAGE + 1):
        asked = {"size": str(_PAGE), "page": str(page), "sort": "newest"}
        answer = await connection.read(place(api, vocabulary), asked)
        if answer is None:
            return None
        found, counted = hits(answer), answer.get("hits", {}).get("total")
        total = counted if isinstance(counted, int) else 0
        newest = newest or next((str(hit.get("created", ""))[:10] for hit in found), "")
        if total > _LISTED:
            return HeldTerms(total=total, newest=newest, ids=None)
        ids.update(str(hit["id"]) for hit in found if "id" in hit)
        if len(found) < _PAGE:
            break
    if len(ids) < total:
        raise RepositoryUnavailableError(
            f"The repository counts {total:,} terms in {vocabulary}, and lists {len(ids):,}.",
            remedy="Try again when nobody loads vocabularies into it.",
        )
    return HeldTerms(total=total, newest=newest, ids=frozenset(ids))
