"""Every parser of bytes from outside, with inputs that are nearly right, and some that mean harm."""

import gzip
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx

from cern_assets.archives.members import Member
from cern_assets.archives.reading import BrokenArchiveError, read_directory, walk_locals
from cern_assets.archives.salvage import salvage
from cern_assets.archives.verification import verify
from cern_assets.collections.reading import read_collection
from cern_assets.collections.recid_lists import read_list
from cern_assets.errors import CernAssetsError
from cern_assets.model.checksums import parse_checksum
from cern_assets.model.records import Answer, answer_body
from cern_assets.repositories.nrp import parse as repository
from cern_assets.repositories.nrp.pace import Pace, retry_after
from cern_assets.repositories.nrp.refusals import refusal
from cern_assets.sources.json_text import read_json
from cern_assets.sources.opendata import searches
from cern_assets.sources.opendata.parse import parse_record, read_answer
from cern_assets.sources.opendata.recids import parse_recid
from cern_assets.sources.portal_requests import _seconds, _seconds_until, usable_etag
from cern_assets.sources.record_files import each_record
from cern_assets.storage import http, xrootd_status

REFUSALS = (CernAssetsError, BrokenArchiveError)
"""How a parser may refuse; anything else is a fault of ours."""

type Parser = Callable[[bytes], object]


@dataclass(frozen=True)
class Outside:
    """A parser, and inputs that it takes, from which others are made by changing them."""

    parse: Parser
    samples: tuple[bytes, ...]


@contextmanager
def _file(data: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


def _record(data: bytes) -> object:
    return parse_record(read_json(data, uri="here"))


def _index(data: bytes) -> object:
    own = json.dumps({"id": "1", "metadata": {"recid": "1", "title": "T", "_file_indices": [{"key": "i"}]}}).encode()
    return read_answer(Answer(bodies=(answer_body(own, "own"), answer_body(data, "index", "i"))))


def _listing(data: bytes) -> object:
    page = searches._read_page(read_json(data, uri="here"))
    return [searches._read_hit(hit) for hit in page.hits]


def _collection(data: bytes) -> object:
    with _file(data, "some.yaml") as path:
        return read_collection(path)


def _recids(data: bytes) -> object:
    with _file(data, "list") as path:
        return list(read_list(path, parse_recid))


def _records(name: str) -> Parser:
    def parse(data: bytes) -> object:
        with _file(data, name) as path:
            return [record.error for record in each_record(path)]

    return parse


def _archive(data: bytes) -> object:
    def read(offset: int, size: int) -> bytes:
        return data[offset : offset + size]

    @contextmanager
    def open_at(offset: int) -> Iterator[Iterator[bytes]]:
        yield iter((data[offset:],) if offset < len(data) else ())

    wanted = [Member("a", 4, 0)]
    list(walk_locals(read, len(data)))
    found = verify(read, open_at, len(data), wanted), salvage(read, open_at, len(data), wanted)
    return found, read_directory(read, len(data))


def _headers(data: bytes) -> object:
    """One text as each header that is read."""
    text = data.decode("latin-1")
    request = httpx.Request("GET", "http://host/x")
    for status in (200, 206):
        answer = httpx.Response(status, headers=[(b"Content-Length", data), (b"Content-Range", data)], request=request)
        for read in (http._content_length, lambda answer: http._bytes_to_skip(answer, 10)):
            _refusing(read, answer)
    http._digest(text, "md5")
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")
    Pace().heard(429, dict.fromkeys(names, text))
    return usable_etag(text), _seconds(text), _seconds_until(text), retry_after(text, 0.0), parse_checksum(text)


def _refusing(read: Callable[[httpx.Response], object], answer: httpx.Response) -> None:
    with suppress(CernAssetsError):
        read(answer)


def _words_of_xrootd(data: bytes) -> object:
    number, words = int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "surrogateescape")
    for known in (3005, 3011, number):
        status = SimpleNamespace(ok=False, errno=known, code=number % 400, message=words)
        xrootd_status.is_missing(status)
        try:
            xrootd_status.check(status, "Reading", "root://host//x")
        except CernAssetsError as error:
            str(error)
    return None


def _repository(data: bytes) -> object:
    body = read_json(data, uri="here")
    if not isinstance(body, Mapping):
        return None
    str(refusal(body, request="GET", status=400))
    repository.has_identifier(body, "x")
    repository.has_requests(body)
    for hit in (body, *repository.hits(body)):
        for read in (
            repository.remote_record,
            repository.remote_draft,
            repository.remote_published,
            repository.remote_review,
            repository.remote_files,
        ):
            try:
                read(hit)
            except CernAssetsError as error:
                str(error)
    return None


def _zip(method: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("a", b"some")
        archive.writestr("b/c", bytes(500))
    return made.getvalue()


_FILE = {"uri": "root://eospublic.cern.ch//eos/opendata/a", "size": 4, "checksum": "adler32:045c01b5"}
_METADATA = {"recid": "1", "title": "T", "files": [_FILE], "_file_indices": [{"key": "i", "files": [_FILE]}]}
_RECORD = json.dumps({"id": "1", "updated": "2024", "metadata": _METADATA}).encode()
_ENTRY = {"key": "a", "size": 4, "checksum": "md5:" + 32 * "0", "status": "completed"}
_PUBLISHED = {
    "id": "abcde-12345",
    "is_published": True,
    "revision_id": 1,
    "links": {"self_html": "http://host/records/1"},
    "parent": {"id": "x", "access": {"owned_by": {"user": "1"}}, "communities": {"ids": ["a"]}},
    "versions": {"index": 1},
    "metadata": {"identifiers": [{"identifier": "x"}]},
    "files": {"enabled": True, "count": 1, "entries": {"a": _ENTRY}},
    "entries": [_ENTRY],
    "errors": [{"field": "metadata.title", "messages": ["Missing"]}],
}
_COLLECTION = b"type: cern_assets.RecordCollection\nattributes:\n  source: opendata\n  selection:\n    recids: [1]\n"

PARSERS: Mapping[str, Outside] = {
    "record": Outside(_record, (_RECORD,)),
    "file index": Outside(_index, (json.dumps({"key": "i", "files": [_FILE], "number_files": 1}).encode(),)),
    "listing": Outside(_listing, (b'{"hits": {"total": 1, "hits": [' + _RECORD + b"]}}",)),
    "records of a file": Outside(_records("x.jsonl"), (_RECORD + b"\n" + _RECORD,)),
    "records of a compressed file": Outside(_records("x.jsonl.gz"), (gzip.compress(_RECORD, mtime=0),)),
    "records of an input": Outside(_records("x"), (_RECORD, gzip.compress(_RECORD, mtime=0))),
    "headers": Outside(
        _headers,
        (b"bytes 10-19/20", b"Wed, 21 Oct 2026 07:28:00 GMT", b'W/"abc"', b"md5=CY9rzUYh03PK3k6DJie09g==", b"60"),
    ),
    "archive": Outside(_archive, (_zip(zipfile.ZIP_STORED), _zip(zipfile.ZIP_DEFLATED))),
    "words of XRootD": Outside(_words_of_xrootd, (b"\x0b\xbd[ERROR] Server responded: not a directory",)),
    "answers of a repository": Outside(
        _repository,
        (json.dumps(_PUBLISHED).encode(), json.dumps({"hits": {"hits": [_PUBLISHED], "total": 1}}).encode()),
    ),
    "collection": Outside(_collection, (_COLLECTION,)),
    "list of recids": Outside(_recids, (b"1\n2 # two\n",)),
}

_END = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

HOSTILE: Mapping[str, Callable[[int], bytes]] = {
    "nested lists": lambda n: b"[" * n + b"]" * n,
    "nested objects": lambda n: b'{"a":' * n + b"1" + b"}" * n,
    "one long number": lambda n: b"9" * n,
    "one long text": lambda n: b'"' + b"a" * n + b'"',
    "many lines": lambda n: b"1\n" * n,
    "nested YAML": lambda n: _COLLECTION + b"  name: " + b"[" * n + b"]" * n,
    "names within names of YAML": lambda n: b"".join(
        b"a%d: &a%d [%s]\n" % (at, at, b", ".join([b"*a%d" % (at - 1)] * 8) if at else b"x") for at in range(n // 64)
    ),
    "a list as a key of YAML": lambda n: b"? [" + b"1, " * n + b"2]\n: 1\n",
    "ends of archives": lambda n: _END * (n // len(_END)),
    "local headers": lambda n: b"PK\x03\x04" * (n // 4),
    "a record with many files": lambda n: json.dumps({"recid": 1, "files": [_FILE] * (n // 80)}).encode(),
    "one path many times": lambda n: json.dumps(
        {"recid": 1, "title": "T" * n, "files": [{"uri": 1}] * (n // 80)}
    ).encode(),
}
