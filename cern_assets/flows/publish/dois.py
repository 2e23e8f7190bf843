"""A DOI that two records state: whoever was published with it first keeps it, the other has it among its identifiers.

A repository takes a DOI once. Which of two source records it belongs to is for their curators to say; until they do,
both are published, and each tells of the other.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlencode

from cern_assets.errors import DepositRefusedError, DoiTakenError
from cern_assets.flows.publish.payload import doi_among_identifiers, doi_of
from cern_assets.model.findings import Finding
from cern_assets.model.publications import Draft, Published, RemoteRecord, stated_identifiers
from cern_assets.model.values import JsonObject


def of_its_own(deposit: JsonObject, record: RemoteRecord | None, sharing: Sequence[Published]) -> JsonObject:
    """The deposit as it can be published: with its DOI, or with that among its identifiers as another record has it.

    `record` is the recid's own, None if it has none yet. A published one that was once published so stays so, whatever
    the search shows: a DOI is not moved from one record to another because one of them was withdrawn.
    """
    doi = doi_of(deposit)
    if doi is None:
        return deposit
    if isinstance(record, Published):
        elsewhere = not _same(doi_of(record.payload), doi) and doi in stated_identifiers(record.payload)
    else:
        elsewhere = any(_same(doi_of(other.payload), doi) for other in sharing)
    return doi_among_identifiers(deposit) if elsewhere else deposit


def told(
    repository: str, stated: str | None, sent: JsonObject, record: RemoteRecord | None, sharing: Sequence[Published]
) -> tuple[Finding, ...]:
    """A finding for each other record that has the DOI which the source states (`stated`).

    Where it had to be `sent` among the identifiers and no search shows who has it, one with the search to look at.
    """
    if stated is None:
        return ()
    others = [other.url for other in sharing if record is None or other.parent_id != record.parent_id]
    ours = doi_of(sent) is not None or (record is not None and record.version_index > 1)
    if not others and not ours:
        others = [f"{repository}/search?{urlencode({'q': f'pids.doi.identifier:"{stated}"'})}"]
    has = "keeps it as its own" if ours else "has it among its identifiers"
    return tuple(
        Finding(
            code="doi-stated-twice",
            severity="warning",
            field="pids.doi",
            value=url,
            message=f"Another record, {url}, has the DOI {stated} too; this one {has}. "
            "Have the curators of both say whose it is.",
        )
        for url in others
    )


@contextmanager
def telling_taken(draft: Draft) -> Iterator[None]:
    """Publish in the block, by oneself or through a community: a refusal for the draft's DOI is told as that.

    Raises:
        DoiTakenError: another record has the DOI.
    """
    try:
        yield
    except DepositRefusedError as error:
        doi = doi_of(draft.payload)
        if doi is None or not (error.field or "").startswith("pids.doi"):
            raise
        raise DoiTakenError(
            f"The repository does not take the DOI {doi}, as another record has it: {error.message}",
            uri=draft.url,
            field="pids.doi",
            value=doi,
            remedy="Have the curators of both records say whose it is.",
        ) from error


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.casefold()
