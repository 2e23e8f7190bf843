"""What stands in a target by its own list of records, beside what we noted: the ledger's counts from outside."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.model.publications import RemoteRecord

_STAND_IN = Recid("0")


@dataclass(frozen=True)
class Listed:
    """Recids of a collection that its journal knows, and those that its target shows as published, once a record."""

    noted: tuple[Recid, ...]
    held: tuple[str, ...]


def listed(context: Context, elsewhere: Collection[str]) -> Listed:
    """What journal and target list of a collection; records of recids that are known `elsewhere` are not its own.

    Raises:
        RepositoryUnavailableError: the target does not list all of its depositor's records.
        StorageUnavailableError, CredentialsRefusedError: the journal cannot be listed.
    """
    adapters = context.adapters
    held = recids_held(adapters.repository.own_records(), adapters.crosswalk.identifier)
    return Listed(
        noted=tuple(adapters.journal.recids(context.collection.name)),
        held=tuple(recid for recid in held if recid not in elsewhere),
    )


def recids_held(records: Iterable[RemoteRecord], identifier: Callable[[Recid], str]) -> Iterator[str]:
    """The recids whose records are published, by the identifier that each record of a source bears; once a record.

    A record whose next version or edit is a draft is published as well.
    """
    before, _, after = identifier(_STAND_IN).rpartition(str(_STAND_IN))
    for record in records:
        if record.state == "published" or record.is_edit or record.version_index > 1:
            for text in _identifiers(record):
                recid = text.removeprefix(before).removesuffix(after)
                if recid and identifier(Recid(recid)) == text:
                    yield recid


def _identifiers(record: RemoteRecord) -> frozenset[str]:
    metadata = record.payload.get("metadata")
    entries = metadata.get("identifiers") if isinstance(metadata, Mapping) else None
    given = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return frozenset(text for entry in given if isinstance(text := entry.get("identifier"), str))
