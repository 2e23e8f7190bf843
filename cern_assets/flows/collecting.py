"""What a store holds that nothing needs: found by looking at every file, and told before it is removed.

Whether a file is needed is decided for each recid by itself, right before its files are given out: what a document
names is needed, and so is all of a recid that somebody works on. That is one whose lease is held, one in whose folders
anything changed lately, and one whose documents cannot be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from cern_assets.documents.leases import LeaseTerms, is_leased
from cern_assets.documents.paths import folder_of
from cern_assets.documents.store import DocumentStore
from cern_assets.flows.quarantine import KIND as QUARANTINE
from cern_assets.model.archives import Archive
from cern_assets.model.files import DatedFile, Leftover
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.values import Value
from cern_assets.ports import FileStore

Why = Literal["leftover", "unreferenced", "quarantined"]
"""Of a writer that died; of a version or an attempt that no document names; or wrong bytes that were put aside."""

_KINDS = ("files", "archives")
_NAMING: tuple[tuple[str, type[Value]], ...] = (("raw_files", Manifest), ("archive", Archive))


@dataclass(frozen=True)
class Rubbish:
    """A file that nothing needs, and why."""

    file: DatedFile
    why: Why


def rubbish(store: FileStore, *, before: float, terms: LeaseTerms) -> Iterator[Rubbish]:
    """All that has not changed since a time (seconds since 1970) and that nothing needs.

    Raises:
        StorageUnavailableError, TransferInterruptedError, CredentialsRefusedError: what was given is not all.
    """
    documents = DocumentStore(store)
    for kind in _KINDS:
        for (collection, recid), found in groupby(store.dated(kind), key=_owner):
            files = list(found)
            if collection and any(file.modified < before for file in files):
                yield from _unneeded(store, documents, collection, Recid(recid), files, before, terms)
    for file in store.dated(QUARANTINE):
        if file.modified < before:
            yield Rubbish(file, "quarantined")
    for leftover in store.leftovers():
        if leftover.modified < before:
            yield Rubbish(leftover, "leftover")


def remove(store: FileStore, found: Rubbish) -> None:
    """Delete it; no error if it is gone."""
    if isinstance(found.file, Leftover):
        store.collect(found.file)
    else:
        store.remove(found.file.path)


def _owner(file: DatedFile) -> tuple[str, str]:
    """The collection and the recid of `<kind>/<collection>/<2 hex>/<recid>/...`; nobody's for any other path."""
    steps = file.path.split("/")
    return (steps[1], steps[3]) if len(steps) > 4 else ("", "")


def _unneeded(  # noqa: PLR0917  what is asked about, and by which measure
    store: FileStore,
    documents: DocumentStore,
    collection: str,
    recid: Recid,
    files: list[DatedFile],
    before: float,
    terms: LeaseTerms,
) -> Iterator[Rubbish]:
    named = [documents.read(collection, stage, recid, body_type) for stage, body_type in _NAMING]
    needed = {path for document in named if document is not None for path in _paths(document.body)}
    unneeded = [file for file in files if file.path not in needed]
    if not unneeded or _worked_on(store, collection, recid, before):
        return
    for document, (stage, _) in zip(named, _NAMING, strict=True):
        if document is None and documents.holds(collection, stage, recid):
            return  # it cannot be read: what it needs is not known
        if document is not None and is_leased(
            store, source=document.source, repository=document.repository, recid=recid, terms=terms
        ):
            return
    yield from (Rubbish(file, "unreferenced") for file in unneeded)


def _paths(body: Value) -> Iterator[str]:
    assert isinstance(body, (Manifest, Archive))
    return (file.ref.path for file in body.files if file.ref.place == "store")


def _worked_on(store: FileStore, collection: str, recid: Recid, before: float) -> bool:
    """Whether anything of a recid changed lately: a run that takes days writes on, and its manifest comes last."""
    folders = [folder_of(kind, collection, recid) for kind in (*_KINDS, "journal")]
    changed = (file.modified for folder in folders for file in (*store.dated(folder), *store.leftovers(folder)))
    return any(modified >= before for modified in changed)
