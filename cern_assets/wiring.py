"""Settings to ports: the only place that names concrete adapters.

A new source is a row in `SOURCES`; a storage scheme a row in `STORES` and, where sources keep bytes under it, in
`READERS`. Adapters are imported when they are asked for: a command pays for what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cern_assets.documents.store import DocumentStore
from cern_assets.errors import ConfigurationError
from cern_assets.flows.stages import Adapters, Context, Shared
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.collections import Collection
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject
from cern_assets.ports import ByteReader, FileStore, RecordSource, Repository, TelemetrySink

if TYPE_CHECKING:  # reading the environment takes an import that commands without settings can do without
    from cern_assets.settings import Settings


DEFAULT_TARGET = "default"
"""The name of the repository that the settings name."""


@dataclass(frozen=True)
class SourceParts:
    """What a source system brings: its client, where its bytes are read, and the pure parts of its read side."""

    client: Callable[[Settings], RecordSource]
    files_url: Callable[[Settings], str]
    crosswalk: Callable[[], Crosswalk]
    parse: Callable[[], Callable[[JsonObject], SourceRecord]]


def _opendata_client(settings: Settings) -> RecordSource:
    from cern_assets.sources.opendata.client import OpenDataSource

    return OpenDataSource(
        settings.opendata_api_url,
        requests_per_minute=settings.opendata_requests_per_minute,
        attempts=settings.attempts,
        timeout_seconds=settings.timeout_seconds,
    )


def _opendata_crosswalk() -> Crosswalk:
    from cern_assets.sources.opendata.crosswalk import CROSSWALK

    return CROSSWALK


def _opendata_parse() -> Callable[[JsonObject], SourceRecord]:
    from cern_assets.sources.opendata.parse import parse_record

    return parse_record


SOURCES: Mapping[str, SourceParts] = {
    "opendata": SourceParts(
        client=_opendata_client,
        files_url=lambda settings: settings.opendata_files_url,
        crosswalk=_opendata_crosswalk,
        parse=_opendata_parse,
    ),
}


def _local_store(url: str, _timeout_seconds: float) -> FileStore:
    from cern_assets.storage.local import LocalStore

    folder = Path(url.removeprefix("file://")).absolute()
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    if not standing.is_dir():
        raise ConfigurationError(
            f"The store cannot be made at {folder}.", uri=str(standing), remedy="Choose another place: this is a file."
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


def _http_reader(url: str, timeout_seconds: float) -> ByteReader:
    from cern_assets.storage.http import HttpReader

    return HttpReader(url, timeout_seconds=timeout_seconds)


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


def source_parts(name: str) -> SourceParts:
    """The row of a source.

    Raises:
        ConfigurationError: no such source; the message names those there are.
    """
    if name not in SOURCES:
        raise ConfigurationError(
            f"There is no source {name!r}.", field="source", remedy=f"Choose one of: {', '.join(sorted(SOURCES))}."
        )
    return SOURCES[name]


@contextmanager
def opened_context(settings: Settings, name: str) -> Iterator[Context]:
    """Everything that the journey of a collection's recids needs, connected; closed at the end of the block."""
    collection = default_collection(settings, name)
    adapters = _build_adapters(settings, collection)
    with closing(adapters.source), closing(adapters.files), closing(adapters.store), closing(adapters.repository):
        yield Context(adapters, collection, Shared(attempts=settings.attempts, workers=settings.workers))


def default_collection(settings: Settings, source: str) -> Collection:
    """The collection of all of a source's records, of the source's name.

    Raises:
        ConfigurationError: no such source.
    """
    source_parts(source)
    return Collection(
        name=source,
        source=source,
        target=DEFAULT_TARGET,
        limits=ArchiveLimits(
            max_files=settings.max_files,
            max_file_bytes=settings.max_file_bytes,
            max_record_bytes=settings.max_record_bytes,
        ),
    )


def _build_adapters(settings: Settings, collection: Collection) -> Adapters:
    source = collection.source
    parts = source_parts(source)
    store = build_store(settings)
    return Adapters(
        source=parts.client(settings),
        files=_by_scheme(READERS, f"CERN_ASSETS_{source.upper()}_FILES_URL", parts.files_url(settings), settings),
        crosswalk=parts.crosswalk(),
        store=store,
        documents=DocumentStore(store),
        repository=build_repository(settings),
        telemetry=build_telemetry(settings),
    )


def build_store(settings: Settings) -> FileStore:
    """The store of documents and bytes that `CERN_ASSETS_STORE_URL` names."""
    return _by_scheme(STORES, "CERN_ASSETS_STORE_URL", settings.resolved_store_url, settings)


def store_at(url: str, settings: Settings) -> FileStore:
    """A folder or `root://` URL that a person names on the command line."""
    return _by_scheme(STORES, "This place", url, settings)


def build_repository(settings: Settings) -> Repository:
    """The repository that `CERN_ASSETS_REPOSITORY_URL` names."""
    from cern_assets.repositories.nrp.client import NrpRepository

    return NrpRepository(
        settings.repository_url,
        settings.repository_token.get_secret_value(),
        attempts=settings.attempts,
        timeout_seconds=settings.timeout_seconds,
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
    scheme = urlsplit(url).scheme
    if scheme not in table:
        raise ConfigurationError(
            f"{setting} cannot be reached by {scheme}://.",
            field=setting,
            value=url,
            remedy=f"Use a folder or one of: {', '.join(f'{name}://' for name in table if name)}.",
        )
    return table[scheme](url, settings.timeout_seconds)
