"""Settings to ports: the only place that names concrete adapters, but for storage.

A new source is a row in `SOURCES`. Adapters are imported when they are asked for: a command pays for what it uses.
Those of storage are opened by their addresses in `places`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cern_assets.collections.decisions import decisions_file, read_decisions
from cern_assets.collections.reading import read_folder
from cern_assets.collections.spec import DEFAULT_TARGET, CollectionSpec, Files
from cern_assets.documents.journal import Journal
from cern_assets.documents.leases import LeaseTerms
from cern_assets.documents.store import DocumentStore
from cern_assets.errors import ConfigurationError
from cern_assets.flows.allowance import Allowance
from cern_assets.flows.cancellation import Cancellation, pause
from cern_assets.flows.deposits import COLLECTION, NoSource
from cern_assets.flows.fetching import NoRepository
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.collections import Collection
from cern_assets.model.identifiers import Recid
from cern_assets.places import READERS, build_store, by_scheme, http_reader, local_store, refuse_secrets, store_at
from cern_assets.ports import ByteReader, Repository, TelemetrySink
from cern_assets.sources.parts import Patience, SourceParts, SourceSettings
from cern_assets.transfers.least_rate import LeastRate
from cern_assets.transfers.slots import Slots

if TYPE_CHECKING:  # reading the environment takes an import that commands without settings can do without
    from cern_assets.settings import Settings


def _opendata() -> SourceParts[Any]:
    from cern_assets.sources.opendata.parts import PARTS

    return PARTS


def _zenodo() -> SourceParts[Any]:
    from cern_assets.sources.zenodo.parts import PARTS

    return PARTS


def _cds() -> SourceParts[Any]:
    from cern_assets.sources.cds.parts import PARTS

    return PARTS


SOURCES: Mapping[str, Callable[[], SourceParts[Any]]] = {"cds": _cds, "opendata": _opendata, "zenodo": _zenodo}
_FIRST_SOURCE = "opendata"


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
    """The collections of the folder that the settings name; without one, one for each source that is set up.

    CERN Open Data is as it comes; another source is once a variable of it has another value than by default.

    Raises:
        ConfigurationError: a file of the folder is not usable, or names a source that there is not.
    """
    if settings.collections is None:
        return tuple(CollectionSpec(name=source, source=source) for source in SOURCES if _is_set_up(source, settings))
    specs = read_folder(settings.collections)
    for spec in specs:
        try:
            source_parts(spec.source)
        except ConfigurationError as error:
            error.uri = str(settings.collections / f"{spec.name}.yaml")
            raise
    return specs


def _is_set_up(source: str, settings: Settings) -> bool:
    model = source_parts(source).settings
    return source == _FIRST_SOURCE or settings.section(model, source).model_dump() != model().model_dump()


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
    settings: Settings, spec: CollectionSpec, cancellation: Cancellation | None = None, *, publishes: bool = True
) -> Iterator[Context]:
    """Everything that the journey of a collection's recids needs, connected; closed at the end of the block.

    Unless it `publishes`, there is no repository.
    """
    collection = resolved(settings, spec)
    adapters = _build_adapters(settings, collection, publishes=publishes)
    shared = _shared(settings, cancellation or Cancellation())
    with ExitStack() as stack:
        for opened in (adapters.source, adapters.files, adapters.store, adapters.repository, shared.movers):
            stack.enter_context(closing(opened))
        yield Context(adapters, collection, shared)


@contextmanager
def opened_for_fetching(
    settings: Settings,
    source: str,
    uri: str,
    files: Files,
    *,
    cancellation: Cancellation,
    moved: Callable[[int], None],
) -> Iterator[Context]:
    """What brings files of a source to a folder or `root://` URL, a folder a recid; closed at the end of the block.

    What is known of earlier times is kept in the store of the settings, apart for each place that files are brought to.
    """
    with closing(store_at(uri, settings)) as store:
        place = hashlib.sha256(store.uri("files").encode()).hexdigest()[:16]
        spec = CollectionSpec(name=f"fetch_{place}", source=source, files=files)
        with opened_context(settings, spec, cancellation, publishes=False) as context:
            yield Context(
                replace(context.adapters, store=store),
                context.collection,
                replace(context.shared, moved=moved),
                files_folder=lambda _collection, recid: recid,
                spares_others=True,
            )


@contextmanager
def opened_for_deposits(settings: Settings, repository: str | None, folder: Path) -> Iterator[Context]:
    """What publishing a deposit needs that somebody gives, with its files below a folder; closed with the block.

    The token of the settings goes to the repository that they name; to another address only where they name none.

    Raises:
        ConfigurationError: the settings name another repository.
    """
    refuse_secrets("--repository", repository or "")
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
        files=local_store(str(folder), settings),
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
        least_rate=LeastRate(settings.least_bytes_per_second, settings.timeout_seconds),
        leftovers_seconds=settings.leftovers_seconds,
        lease_terms=LeaseTerms(settings.lease_seconds, settings.clock_skew_seconds),
        search_lag_seconds=settings.search_lag_seconds,
        recid_attempts=settings.recid_attempts,
        recid_pause_seconds=settings.recid_pause_seconds,
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
        communities=spec.communities,
        files_mode=spec.files_mode,
        files_choice=spec.files_choice,
        digests=spec.digests,
        third_party_copy=settings.third_party_copy if spec.third_party_copy is None else spec.third_party_copy,
        edits=spec.edit_policy,
        withdrawn=spec.withdrawn,
        unverified=spec.unverified,
        profile=spec.profile or target.profile,
        transfer=spec.transfer_policy,
        licence_default=spec.licence_default,
        curation=spec.curation,
        order=spec.order,
        left_out=spec.selection.left_out,
        decisions=read_decisions(decisions_file(settings.decisions_folder, spec.name)),
    )


def _build_adapters(settings: Settings, collection: Collection, *, publishes: bool) -> Adapters:
    source = collection.source
    parts = source_parts(source)
    own = settings.section(parts.settings, source)
    store = build_store(settings)
    return Adapters(
        source=parts.client(own, _patience(own, source, settings)),
        files=_source_files(parts, own, source, settings),
        crosswalk=parts.crosswalks[collection.profile],
        store=store,
        documents=DocumentStore(store),
        journal=Journal(store),
        repository=build_repository(settings, collection.target) if publishes else cast("Repository", NoRepository()),
        telemetry=build_telemetry(settings),
    )


def source_page(settings: Settings, spec: CollectionSpec) -> Callable[[Recid], str]:
    """How the source's page of a record is found, without asking anybody."""
    parts = source_parts(spec.source)
    own = settings.section(parts.settings, spec.source)
    page: Callable[[Recid], str] = parts.client(own, _patience(own, spec.source, settings)).page
    return page


def _patience(own: SourceSettings, source: str, settings: Settings) -> Patience:
    home = settings.home.resolve()
    return Patience(
        attempts=settings.attempts,
        timeout_seconds=settings.timeout_seconds,
        pace=home / "pace",
        wait=pause,
        place=lambda url: by_scheme(_readers(own), f"The address of {source}'s dump", url, settings),
        notes=home / "sources",
    )


def _readers(own: SourceSettings) -> Mapping[str, Callable[[str, Settings], ByteReader]]:
    """How a source's bytes are read; a web server may redirect to the hosts that the source's settings name."""
    web: Callable[[str, Settings], ByteReader] = partial(http_reader, redirect_hosts=own.redirect_host_names)
    return {**READERS, "http": web, "https": web}


def _source_files(parts: SourceParts[Any], own: SourceSettings, source: str, settings: Settings) -> ByteReader:
    return by_scheme(_readers(own), f"CERN_ASSETS_{source.upper()}_FILES_URL", parts.files_url(own), settings)


def build_repository(settings: Settings, target: str = DEFAULT_TARGET) -> Repository:
    """A repository of the settings, by name."""
    from cern_assets.repositories.nrp.client import NrpRepository

    place = settings.target(target)
    refuse_secrets("The repository's address", place.url)
    return NrpRepository(
        place.url,
        place.token.get_secret_value(),
        attempts=settings.attempts,
        timeout_seconds=settings.timeout_seconds,
        pace_file=settings.home.resolve() / "pace" / f"{hashlib.sha256(place.url.encode()).hexdigest()[:16]}.json",
    )


def build_telemetry(settings: Settings) -> TelemetrySink:
    """The event spool of this process; with an endpoint, what it is told is exported as OpenTelemetry, too."""
    if not settings.otel_endpoint:
        return _spool(settings.telemetry_dir)
    headers = settings.otel_headers.get_secret_value()
    return _traced(settings.telemetry_dir, settings.otel_endpoint, headers, settings.otel_service)


@cache
def _spool(folder: Path) -> TelemetrySink:
    from cern_assets.telemetry.spool import SpoolSink

    return SpoolSink(folder)


@cache
def _traced(folder: Path, endpoint: str, headers: str, service: str) -> TelemetrySink:
    from cern_assets.telemetry.tracing import otlp_sink

    sink, _ = otlp_sink(_spool(folder), endpoint, headers, service)
    return sink
