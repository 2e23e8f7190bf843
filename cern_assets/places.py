"""Addresses to byte ports: what opens a folder, an XRootD server or a web address.

A storage scheme is a row of `STORES` and, where sources keep bytes under it, of `READERS`. Adapters are imported when
they are asked for: a command pays for what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cern_assets.addresses import complaint
from cern_assets.errors import ConfigurationError
from cern_assets.ports import ByteReader, FileStore
from cern_assets.transfers.remote_file import AHEAD_BYTES, RemoteFile

if TYPE_CHECKING:  # reading the environment takes an import that commands without settings can do without
    from cern_assets.settings import Settings


def local_store(url: str, _settings: Settings) -> FileStore:
    """A folder as a store; it is made with the first thing that is put into it.

    Raises:
        ConfigurationError: a file stands where the folder would be.
    """
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


def _local_reader(url: str, settings: Settings) -> ByteReader:
    if not Path(url.removeprefix("file://")).is_dir():
        raise ConfigurationError(
            "The folder to read the source's files from is not there.",
            uri=url,
            remedy="Correct the setting or mount the folder: without it, every file would count as missing.",
        )
    return local_store(url, settings)


def _xrootd_store(url: str, settings: Settings) -> FileStore:
    from cern_assets.storage.xrootd import XRootDStore
    from cern_assets.storage.xrootd_logins import XRootDLogins

    logins = XRootDLogins.parse("CERN_ASSETS_XROOTD_LOGINS", settings.xrootd_logins.get_secret_value())
    return XRootDStore(url, timeout_seconds=settings.timeout_seconds, logins=logins)


def http_reader(url: str, settings: Settings, *, redirect_hosts: Sequence[str] = ()) -> ByteReader:
    """Files of a web server, which may redirect to its own origin and to the named hosts."""
    from cern_assets.storage.http import HttpReader

    return HttpReader(url, timeout_seconds=settings.timeout_seconds, redirect_hosts=redirect_hosts)


STORES: Mapping[str, Callable[[str, Settings], FileStore]] = {
    "": local_store,
    "file": local_store,
    "root": _xrootd_store,
    "roots": _xrootd_store,
}
READERS: Mapping[str, Callable[[str, Settings], ByteReader]] = {
    **STORES,
    "": _local_reader,
    "file": _local_reader,
    "http": http_reader,
    "https": http_reader,
}


def build_store(settings: Settings) -> FileStore:
    """The store of documents and bytes that `CERN_ASSETS_STORE_URL` names."""
    return by_scheme(STORES, "CERN_ASSETS_STORE_URL", settings.resolved_store_url, settings)


def store_at(url: str, settings: Settings) -> FileStore:
    """A folder or `root://` URL that a person names on the command line."""
    return by_scheme(STORES, "This place", url, settings)


def file_at(uri: str, settings: Settings, *, ahead_bytes: int = AHEAD_BYTES) -> RemoteFile:
    """A file on disk, of an XRootD server or on the web as a Python file that can be read anywhere (`RemoteFile`).

    `ahead_bytes` bounds what is kept and read ahead; 0 switches that off. Closing the file ends its connections.

    Raises:
        ConfigurationError: no such address can be read.
        FileMissingError, StorageUnavailableError
    """
    refuse_secrets("This file", uri)
    folder, _, name = uri.rpartition("/")
    named = unquote(name) if uri.startswith(("http://", "https://")) else name
    reader = by_scheme(READERS, "This file", folder or ("/" if uri.startswith("/") else "."), settings)
    return RemoteFile(reader, named, ahead_bytes=ahead_bytes, closes_reader=True)


def by_scheme[Store: ByteReader](
    table: Mapping[str, Callable[[str, Settings], Store]], setting: str, url: str, settings: Settings
) -> Store:
    """What a table opens an address with; the name of the setting that gave the address is for the error.

    Raises:
        ConfigurationError: the table has no such scheme, or the address bears a secret.
    """
    refuse_secrets(setting, url)
    scheme = urlsplit(url).scheme
    if scheme not in table:
        raise ConfigurationError(
            f"{setting} cannot be reached by {scheme}://.",
            field=setting,
            value=url,
            remedy=f"Use a folder or one of: {', '.join(f'{name}://' for name in table if name)}.",
        )
    return table[scheme](url, settings)


def refuse_secrets(place: str, url: str) -> None:
    """Refuse an address from the command line as the settings refuse it; it is not repeated."""
    if said := complaint(url):
        raise ConfigurationError(f"{place} is not usable: {said}.", field=place, remedy="Give it without.")
