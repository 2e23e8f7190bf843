"""Records from files on disk, for work without a source at hand."""

import codecs
import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol, cast

from cern_assets.errors import CernAssetsError, FileMissingError, RecordInvalidError
from cern_assets.model.findings import Finding
from cern_assets.model.values import JsonObject
from cern_assets.sources.json_text import JsonText, read_json_text

STANDARD_INPUT = Path("-")
LONGEST_BYTES = 64 * 1024 * 1024
"""Of one line, or of a file that is one JSON text. The portal's largest record has 16 MB (32,618 files)."""

_PIECE_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class InputRecord:
    """What stands at one place of an input (`file.jsonl:3`): the body of a record, or the error that says why not."""

    place: str
    body: JsonObject | None = None
    findings: tuple[Finding, ...] = ()
    error: CernAssetsError | None = None


class _Lines(Protocol):
    def readline(self, size: int, /) -> bytes: ...

    def read(self, size: int, /) -> bytes: ...


type Texts = Mapping[str, Callable[[Iterable[str]], Iterator[JsonObject]]]
"""By the ending of a file's name, how its text is cut into records: forms of a source's own beside JSON.

What cuts raises `RecordInvalidError` where it cannot go on.
"""

JSON_ONLY: Texts = MappingProxyType({})


def read_records(path: Path) -> Iterator[JsonObject]:
    """Yield the records of a file: `.json` (one, or a list of them), `.jsonl` or `.jsonl.gz` (one a line).

    Lines are read as they are asked for, so that memory holds one record. Empty lines are passed over.

    Raises:
        FileMissingError: there is no such file, or it cannot be opened.
        RecordInvalidError: something in it is no JSON object; the error says where (`file.jsonl:3`).
    """
    for record in each_record(path):
        if record.error is not None:
            raise record.error
        if record.body is not None:
            yield record.body


def each_record(path: Path, texts: Texts = JSON_ONLY) -> Iterator[InputRecord]:
    """Yield the records of an input, and in the place of what cannot be read the error that says where and why.

    A name with an ending of `texts`, or with `.gz` behind it, is read as that says.

    `-` is standard input. Of that, and of a name that says nothing (`/dev/stdin`), the first bytes tell whether it is
    compressed, and the first line whether there is a record a line or one JSON text.
    """
    name = "standard input" if path == STANDARD_INPUT else str(path)
    try:
        with nullcontext(sys.stdin.buffer) if path == STANDARD_INPUT else path.open("rb") as stream:
            yield from _records(cast("BufferedReader", stream), name, texts)
    except IsADirectoryError:
        message = "This is a folder, and files of records are wanted."
        remedy = f"Name the files in it, as in `{name.rstrip('/')}/*.json`."
        yield InputRecord(name, error=FileMissingError(message, uri=name, remedy=remedy))
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
        yield InputRecord(name, error=FileMissingError(message, uri=name, remedy="Check the path."))


def _records(stream: BufferedReader, name: str, texts: Texts) -> Iterator[InputRecord]:
    if not name.endswith(".gz") and stream.peek(2)[:2] != _GZIP:
        yield from _texts(stream, name, texts)
        return
    counted = _Counted(cast("IO[bytes]", gzip.GzipFile(fileobj=stream)))
    try:
        yield from _texts(counted, name, texts)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"The file is damaged after line {counted.lines}: {str(error).rstrip('.')}."
        yield InputRecord(name, error=RecordInvalidError(message, uri=name, remedy="Fetch the file again."))


class _Counted:
    """Lines of a stream, none longer than one line may be, and how many there were."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.lines = 0

    def readline(self, size: int) -> bytes:
        line = self._stream.readline(size)
        self.lines += bool(line)
        return line

    def read(self, size: int) -> bytes:
        return self._stream.read(size)


def _texts(stream: _Lines, name: str, texts: Texts) -> Iterator[InputRecord]:
    """Another form, one JSON text, or a record a line: by the name, else by whether the first line is an object."""
    for ending, cut in texts.items():
        if name.removesuffix(".gz").endswith(ending):
            yield from _cut(cut, stream, name)
            return
    first = stream.readline(LONGEST_BYTES)
    of_lines = name.removesuffix(".gz").endswith(".jsonl")
    whole = name.removesuffix(".gz").endswith(".json")
    if of_lines or not (whole or _begins_a_text(first, name)):
        yield from _lines(first, stream, name)
    else:
        yield from _whole(first + _rest(stream), name)


def _cut(cut: Callable[[Iterable[str]], Iterator[JsonObject]], stream: _Lines, name: str) -> Iterator[InputRecord]:
    """Records of another form, each by its number in the file."""
    number = 0
    try:
        for number, body in enumerate(cut(_pieces(stream)), start=1):
            yield InputRecord(f"{name}, record {number}", body)
    except RecordInvalidError as error:
        error.uri = f"{name}, after record {number}"
        yield InputRecord(error.uri, error=error)
        return
    except UnicodeDecodeError as error:
        said = RecordInvalidError(
            f"The file is no UTF-8: {error.reason}.", uri=name, remedy="Export it as UTF-8, and see that it is whole."
        )
        yield InputRecord(f"{name}, after record {number}", error=said)
        return
    if not number:
        yield _empty(name)


def _pieces(stream: _Lines) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    while piece := stream.read(_PIECE_BYTES):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _rest(stream: _Lines) -> bytes:
    """What a text may have besides its first line; in pieces, as a reader sets aside memory for all it is asked."""
    pieces, left = [], LONGEST_BYTES
    while left and (piece := stream.read(min(left, _PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _begins_a_text(line: bytes, name: str) -> bool:
    return line.lstrip().startswith(b"[") or bool(line.strip() and _read(line, name).error)


def _whole(text: bytes, name: str) -> Iterator[InputRecord]:
    if len(text) >= LONGEST_BYTES:
        yield _too_long(name)
        return
    read = _content(text, name)
    if isinstance(read, InputRecord):
        yield read
    elif not isinstance(read.content, list):
        yield _object(read, name)
    elif not read.content:
        yield _empty(name)
    else:
        for position, item in enumerate(read.content, start=1):
            yield _object(JsonText(item, read.findings if position == 1 else ()), f"{name}, item {position}")


def _lines(first: bytes, stream: _Lines, name: str) -> Iterator[InputRecord]:
    empty = True
    for number, line in enumerate(chain((first,), iter(lambda: stream.readline(LONGEST_BYTES), b"")), start=1):
        if len(line) >= LONGEST_BYTES:
            empty = False
            yield _too_long(f"{name}:{number}")
            while len(stream.readline(LONGEST_BYTES)) == LONGEST_BYTES:
                pass  # the rest of the line is read and let go
        elif line.strip():
            empty = False
            yield _read(line, f"{name}:{number}")
    if empty:
        yield _empty(name)


def _read(text: bytes, place: str) -> InputRecord:
    read = _content(text, place)
    return read if isinstance(read, InputRecord) else _object(read, place)


def _content(text: bytes, place: str) -> JsonText | InputRecord:
    try:
        return read_json_text(text, uri=place)
    except RecordInvalidError as error:
        return InputRecord(place, error=error)


def _object(read: JsonText, place: str) -> InputRecord:
    if isinstance(read.content, dict):
        return InputRecord(place, cast("JsonObject", read.content), read.findings)
    error = RecordInvalidError(
        f"A record is a JSON object, and this is a {type(read.content).__name__}.",
        uri=place,
        value=ascii(read.content)[:60],
        remedy="Give records as the source exports them.",
    )
    return InputRecord(place, error=error)


def _empty(name: str) -> InputRecord:
    remedy = "See whether it is the file you meant."
    return InputRecord(name, error=RecordInvalidError("There is no record in it.", uri=name, remedy=remedy))


def _too_long(place: str) -> InputRecord:
    message = f"This is longer than {LONGEST_BYTES // 1024**2} MiB, which no record is."
    return InputRecord(place, error=RecordInvalidError(message, uri=place, remedy="See whether its lines are records."))
