"""Settings to ports: the only place that names concrete adapters.

A new source is a row in `SOURCES`; a storage scheme a row in `STORES` and, where sources keep bytes under it, in
`READERS`. Adapters are imported when they are asked for: a command pays for what it uses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cern_assets.addresses import complaint
from cern_assets.collections.reading import read_folder
from cern_assets.collections.spec import DEFAULT_TARGET, CollectionSpec
from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import LeaseTerms
from cern_assets.documents.store import DocumentStore
from cern_assets.errors import ConfigurationError
from cern_assets.flows.allowance import Allowance
from cern_assets.flows.cancellation import Cancellation, pause
from cern_assets.flows.deposits import COLLECTION, NoSource
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.collections import Collection
from cern_assets.ports import ByteReader, FileStore, Repository, TelemetrySink
from cern_assets.sources.parts import Patience, SourceParts, SourceSettings
from cern_assets.transfers.slots import Slots

if TYPE_CHECKING:  # reading the environment takes an import that commands without settings can do without
    from cern_assets.settings import Settings


def _opendata() -> SourceParts[Any]:
    from cern_assets.sources.opendata.parts import PARTS

    return PARTS


SOURCES: Mapping[str, Callable[[], SourceParts[Any]]] = {"opendata": _opendata}


def _local_store(url: str, _timeout_seconds: float) -> FileStore:
    from cern_assets.storage.local import LocalStore

    folder = Path(url.removeprefix("file://")).absolute()
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    if not standing.is_dir():
        raise ConfigurationError(
            f"The store cannot be made at {folder}: this is a file.",
            uri=str(standing),
            remedy="Set CERN_ASSETS_STORE_URL or CERN_ASSETS_HOME to another place.",
        )
    return LocalStore(folder)


def _local_reader(url: str, timeout_seconds: float) -> ByteReader:
    if not Path(url.removeprefix("file://")).is_dir():
        raise ConfigurationError(
            "The folder to read the source's files from is not there.",
            uri=url,
            remedy="Correct the setting or mount the folder: without it, every file would count as missing.",
        )
    return _local_store(url, timeout_seconds)


def _xrootd_store(url: str, timeout_seconds: float) -> FileStore:
    from cern_assets.storage.xrootd import XRootDStore

    return XRootDStore(url, timeout_seconds=timeout_seconds)


def _http_reader(url: str, timeout_seconds: float, *, redirect_hosts: Sequence[str] = ()) -> ByteReader:
    from cern_assets.storage.http import HttpReader

    return HttpReader(url, timeout_seconds=timeout_seconds, redirect_hosts=redirect_hosts)


STORES: Mapping[str, Callable[[str, float], FileStore]] = {
    "": _local_store,
    "file": _local_store,
    "root": _xrootd_store,
    "roots": _xrootd_store,
}
READERS: Mapping[str, Callable[[str, float], ByteReader]] = {
    **STORES,
    "": _local_reader,
    "file": _local_reader,
    "http": _http_reader,
    "https": _http_reader,
}


def source_parts(name: str) -> SourceParts[Any]:
    """What a source brings.

    Raises:
        ConfigurationError: no such source; the message names those there are.
    """
    if name not in SOURCES:
        raise ConfigurationError(
            f"There is no source {name!r}.", field="source", remedy=f"Choose one of: {', '.join(sorted(SOURCES))}."
        )
    return SOURCES[name]()


def collections_of(settings: Settings) -> tuple[CollectionSpec, ...]:
    """The collections of the folder that the settings name; without one, each source's default collection.

    Raises:
        ConfigurationError: a file of the folder is not usable, or names a source that there is not.
    """
    if settings.collections is None:
        return tuple(CollectionSpec(name=source, source=source) for source in SOURCES)
    specs = read_folder(settings.collections)
    for spec in specs:
        try:
            source_parts(spec.source)
        except ConfigurationError as error:
            error.uri = str(settings.collections / f"{spec.name}.yaml")
            raise
    return specs


def collection_named(settings: Settings, name: str) -> CollectionSpec:
    """One of the collections.

    Raises:
        ConfigurationError: no such collection; the message names those there are.
    """
    specs = {spec.name: spec for spec in collections_of(settings)}
    if name not in specs:
        raise ConfigurationError(
            f"There is no collection {name!r}.",
            field="collection",
            remedy=f"Choose one of: {', '.join(specs)}; CERN_ASSETS_COLLECTIONS names the folder of others.",
        )
    return specs[name]


@contextmanager
def opened_context(
    settings: Settings, spec: CollectionSpec, cancellation: Cancellation | None = None
) -> Iterator[Context]:
    """Everything that the journey of a collection's recids needs, connected; closed at the end of the block."""
    collection = resolved(settings, spec)
    adapters = _build_adapters(settings, collection)
    shared = _shared(settings, cancellation or Cancellation())
    with ExitStack() as stack:
        for opened in (adapters.source, adapters.files, adapters.store, adapters.repository, shared.movers):
            stack.enter_context(closing(opened))
        yield Context(adapters, collection, shared)


@contextmanager
def opened_for_deposits(settings: Settings, repository: str | None, folder: Path) -> Iterator[Context]:
    """What publishing a deposit needs that somebody gives, with its files below a folder; closed with the block.

    The token of the settings goes to the repository that they name; to another address only where they name none.

    Raises:
        ConfigurationError: the settings name another repository.
    """
    _refuse_secrets("--repository", repository or "")
    target = settings.target(DEFAULT_TARGET)
    named = "repository_url" in settings.model_fields_set
    if repository and named and repository.rstrip("/") != target.url.rstrip("/"):
        raise ConfigurationError(
            f"The token of CERN_ASSETS_REPOSITORY_TOKEN belongs to {target.url}, and goes to no other repository.",
            field="repository",
            value=repository,
            remedy="Set CERN_ASSETS_REPOSITORY_URL and CERN_ASSETS_REPOSITORY_TOKEN for the other one.",
        )
    at = settings.model_copy(update={"repository_url": repository}) if repository else settings
    store = build_store(settings)
    adapters = Adapters(
        source=NoSource(),
        files=_local_store(str(folder), settings.timeout_seconds),
        crosswalk=Crosswalk(source=NoSource.name, rows=(), identifier=str),
        store=store,
        documents=DocumentStore(store),
        journal=Journal(store),
        repository=build_repository(at),
        telemetry=build_telemetry(settings),
    )
    limits = ArchiveLimits(**{name: getattr(target, name) for name in ArchiveLimits.model_fields})
    collection = Collection(name=COLLECTION, source=NoSource.name, target=DEFAULT_TARGET, limits=limits)
    with closing(adapters.store), closing(adapters.repository):
        yield Context(adapters, collection, _shared(settings, Cancellation()))


def _shared(settings: Settings, cancellation: Cancellation) -> Shared:
    return Shared(
        attempts=settings.attempts,
        workers=settings.workers,
        slots=machine_slots(settings),
        third_party_copy=settings.third_party_copy,
        leftovers_seconds=settings.leftovers_seconds,
        lease_terms=LeaseTerms(settings.lease_seconds, settings.clock_skew_seconds),
        search_lag_seconds=settings.search_lag_seconds,
        cancellation=cancellation,
        withdraw_after_seconds=settings.withdraw_after_seconds,
        withdrawals=Allowance(settings.withdraw_at_most),
    )


def machine_slots(settings: Settings) -> Slots:
    """What bounds the bytes on their way in all processes of this home."""
    return Slots(settings.home.resolve() / "slots", count=settings.slots, slot_bytes=settings.slot_bytes, wait=pause)


def resolved(settings: Settings, spec: CollectionSpec) -> Collection:
    """A collection with the limits of its target, where it does not set stricter ones.

    Raises:
        ConfigurationError: no such source, or the settings do not say where its target is.
    """
    source_parts(spec.source)
    target = settings.target(spec.target)
    stated = {name: limit for name, limit in spec.limits.model_dump().items() if limit is not None}
    taken = {name: getattr(target, name) for name in ArchiveLimits.model_fields}
    return Collection(
        name=spec.name,
        source=spec.source,
        target=spec.target,
        limits=ArchiveLimits(**{name: min(most, stated.get(name, most)) for name, most in taken.items()}),
        archive=spec.packing,
        access=spec.access,
        community=spec.community,
        files_mode=spec.files,
        edits=spec.edit_policy,
        withdrawn=spec.withdrawn,
        unverified=spec.unverified,
        profile=spec.profile or target.profile,
        licence_default=spec.licence_default,
        left_out=spec.selection.left_out,
    )


def _build_adapters(settings: Settings, collection: Collection) -> Adapters:
    source = collection.source
    parts = source_parts(source)
    own = settings.section(parts.settings, source)
    store = build_store(settings)
    return Adapters(
        source=parts.client(
            own, Patience(settings.attempts, settings.timeout_seconds, settings.home.resolve() / "pace", pause)
        ),
        files=_source_files(parts, own, source, settings),
        crosswalk=parts.crosswalks[collection.profile],
        store=store,
        documents=DocumentStore(store),
        journal=Journal(store),
        repository=build_repository(settings, collection.target),
        telemetry=build_telemetry(settings),
    )


def _source_files(parts: SourceParts[Any], own: SourceSettings, source: str, settings: Settings) -> ByteReader:
    """Where a source's bytes are read; a web server may redirect to the hosts that the source's settings name."""
    web: Callable[[str, float], ByteReader] = partial(_http_reader, redirect_hosts=own.redirect_host_names)
    readers = {**READERS, "http": web, "https": web}
    return _by_scheme(readers, f"CERN_ASSETS_{source.upper()}_FILES_URL", parts.files_url(own), settings)


def build_store(settings: Settings) -> FileStore:
    """The store of documents and bytes that `CERN_ASSETS_STORE_URL` names."""
    return _by_scheme(STORES, "CERN_ASSETS_STORE_URL", settings.resolved_store_url, settings)


def store_at(url: str, settings: Settings) -> FileStore:
    """A folder or `root://` URL that a person names on the command line."""
    return _by_scheme(STORES, "This place", url, settings)


def build_repository(settings: Settings, target: str = DEFAULT_TARGET) -> Repository:
    """A repository of the settings, by name."""
    from cern_assets.repositories.nrp.client import NrpRepository

    place = settings.target(target)
    _refuse_secrets("The repository's address", place.url)
    return NrpRepository(
        place.url,
        place.token.get_secret_value(),
        attempts=settings.attempts,
        timeout_seconds=settings.timeout_seconds,
        pace_file=settings.home.resolve() / "pace" / f"{hashlib.sha256(place.url.encode()).hexdigest()[:16]}.json",
    )


def build_telemetry(settings: Settings) -> TelemetrySink:
    """The event spool of this process."""
    return _spool(settings.telemetry_dir)


@cache
def _spool(folder: Path) -> TelemetrySink:
    from cern_assets.telemetry.spool import SpoolSink

    return SpoolSink(folder)


def _by_scheme[Store: ByteReader](
    table: Mapping[str, Callable[[str, float], Store]], setting: str, url: str, settings: Settings
) -> Store:
    _refuse_secrets(setting, url)
    scheme = urlsplit(url).scheme
    if scheme not in table:
        raise ConfigurationError(
            f"{setting} cannot be reached by {scheme}://.",
            field=setting,
            value=url,
            remedy=f"Use a folder or one of: {', '.join(f'{name}://' for name in table if name)}.",
        )
    return table[scheme](url, settings.timeout_seconds)


def _refuse_secrets(place: str, url: str) -> None:
    """Refuse an address from the command line as the settings refuse it; it is not repeated."""
    if said := complaint(url):
        raise ConfigurationError(f"{place} is not usable: {said}.", field=place, remedy="Give it without.")
