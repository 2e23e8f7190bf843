"""Guards what a web server's answers mean: which are about the file, which about the server, and which are lies."""

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cern_assets.errors import (
    CernAssetsError,
    FileMissingError,
    RecordRestrictedError,
    StorageUnavailableError,
    TransferInterruptedError,
)
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.storage.http import HttpReader
from cern_assets_tests.contract.stores import get
from cern_assets_tests.contract.web import WebFolder, web_folder
from cern_assets_tests.services.needs import free_port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebFolder]:
    (tmp_path / "file").write_bytes(b"0123456789")
    with web_folder(tmp_path) as running:
        yield running


@pytest.fixture
def reader(server: WebFolder) -> Iterator[HttpReader]:
    ready = HttpReader(server.url, timeout_seconds=30)
    yield ready
    ready.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, RecordRestrictedError),
        (403, RecordRestrictedError),
        (404, FileMissingError),
        (410, FileMissingError),
        (429, StorageUnavailableError),
        (400, StorageUnavailableError),
        (500, StorageUnavailableError),
        (503, StorageUnavailableError),
    ],
)
def test_a_status_becomes_its_error(
    server: WebFolder, reader: HttpReader, status: int, kind: type[CernAssetsError]
) -> None:
    server.statuses.append(status)
    with pytest.raises(kind, match=str(status)) as caught, reader.open("file"):
        pass
    assert caught.value.uri == f"{server.url}/file"


def test_no_size_is_known_of_a_file_behind_a_failing_server(server: WebFolder, reader: HttpReader) -> None:
    server.statuses.append(503)
    with pytest.raises(StorageUnavailableError):
        reader.size_bytes("file")


def test_a_cut_connection_gives_the_bytes_before_the_cut(server: WebFolder, reader: HttpReader) -> None:
    server.cuts.append(4)
    with reader.open("file", offset_bytes=2) as chunks:
        assert next(chunks) == b"2345"
        with pytest.raises(TransferInterruptedError) as caught:
            next(chunks)
    assert caught.value.uri == f"{server.url}/file"


def test_only_an_offset_asks_for_a_range(server: WebFolder, reader: HttpReader) -> None:
    get(reader, "file")
    get(reader, "file", offset_bytes=3)
    assert [asked for _, _, asked in server.requests] == ["", "bytes=3-"]


def test_names_are_encoded_and_kept_from_becoming_a_query(
    tmp_path: Path, server: WebFolder, reader: HttpReader
) -> None:
    (tmp_path / "a?b#c d~%41").write_bytes(b"odd")
    assert get(reader, "a?b#c d~%41") == b"odd"
    assert server.requests[-1][1] == "/a%3Fb%23c%20d~%2541"


def test_nobody_behind_the_address_is_unavailable() -> None:
    reader = HttpReader(f"http://127.0.0.1:{free_port()}", timeout_seconds=30)
    with pytest.raises(StorageUnavailableError, match="ConnectError"):
        reader.size_bytes("file")
    with pytest.raises(StorageUnavailableError, match="ConnectError"):
        reader.ping()
    reader.close()


def test_ping_fails_with_the_server(server: WebFolder, reader: HttpReader) -> None:
    server.statuses.append(502)
    with pytest.raises(StorageUnavailableError, match="502"):
        reader.ping()


def test_the_portals_error_page_is_no_file(tmp_path: Path, server: WebFolder, reader: HttpReader) -> None:
    (tmp_path / "page").write_bytes(_error_page())
    server.takes_ranges = False
    with pytest.raises(StorageUnavailableError, match="error page"):
        reader.size_bytes("page")
    for offset_bytes in (0, 3000, 4000):
        with pytest.raises(StorageUnavailableError, match="error page"):
            get(reader, "page", offset_bytes=offset_bytes)


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_file_as_long_as_the_error_page_is_a_file(
    tmp_path: Path, server: WebFolder, reader: HttpReader, *, takes_ranges: bool
) -> None:
    content = _error_page()[::-1]
    (tmp_path / "file").write_bytes(content)
    server.takes_ranges = takes_ranges
    assert reader.size_bytes("file") == 3846
    assert get(reader, "file") == content
    assert get(reader, "file", offset_bytes=3800) == content[3800:]


def _error_page() -> bytes:
    """3,846 bytes with the adler32 a82d5324: what is known of the portal's page, whose text is not at hand.

    adler32 is a plain sum (low half) and a sum weighted by the distance to the end (high half), both modulo 65521:
    first raise bytes for the one, then move units towards the front for the other.
    """
    page = bytearray(b"A" * 3846)
    for number in range((0x5324 - (zlib.adler32(page) & 0xFFFF)) % 65521):
        page[number % len(page)] += 1
    missing = (0xA82D - (zlib.adler32(page) >> 16)) % 65521
    while missing:
        distance = min(missing, len(page) - 1)
        page[0] += 1
        page[distance] -= 1
        missing -= distance
    assert zlib.adler32(page) == 0xA82D5324
    return bytes(page)


@pytest.mark.parametrize(
    ("header", "algorithm", "value"),
    [
        ("adler32=00620062", "adler32", "00620062"),
        ("adler32=620062", "adler32", "00620062"),
        ("md5=CY9rzUYh03PK3k6DJie09g==, adler32=1", "md5", "098f6bcd4621d373cade4e832627b4f6"),
        ("SHA-256=n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", "sha256", None),
        ("md5=nonsense", "md5", None),
        ("", "md5", None),
    ],
)
def test_a_digest_header_tells_the_checksum(
    tmp_path: Path, header: str, algorithm: Algorithm, value: str | None
) -> None:
    (tmp_path / "file").write_bytes(b"test")
    with web_folder(tmp_path, takes_ranges=True, headers={"Digest": header}) as server:
        reader = HttpReader(server.url, timeout_seconds=30)
        told = reader.checksum("file", algorithm)
        reader.close()
    if algorithm == "sha256":
        value = hashlib.sha256(b"test").hexdigest()
    assert told == (Checksum(algorithm=algorithm, value=value) if value else None)


def test_a_redirect_to_another_server_is_not_followed_unless_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of the machine itself")
    with web_folder(tmp_path) as inner:

        def send_on(_request: Request) -> Response:
            return RedirectResponse(f"{inner.url}/secret")

        with serve_in_thread(Starlette(routes=[Route("/{path:path}", send_on)])) as url:
            with closing(HttpReader(url, timeout_seconds=30)) as reader:
                for ask in (
                    reader.size_bytes,
                    lambda path: get(reader, path),
                    lambda path: reader.read_ranges(path, [(0, 9)]),
                ):
                    with pytest.raises(StorageUnavailableError, match="it redirects to 127"):
                        ask("file")
            named = (urlsplit(inner.url).netloc,)
            with closing(HttpReader(url, timeout_seconds=30, redirect_hosts=named)) as reader:
                assert get(reader, "file") == b"of the machine itself"
