"""Records from files on disk, for work without a source at hand."""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from cern_assets.errors import ConfigurationError, FileMissingError, RecordInvalidError
from cern_assets.model.values import JsonObject
from cern_assets.sources.json_text import read_json

STANDARD_INPUT = Path("-")


def read_records(path: Path) -> Iterator[JsonObject]:
    """Yield the records of a file: `.json` (one, or a list of them), `.jsonl` or `.jsonl.gz` (one a line).

    Lines are read as they are asked for, so that memory holds one record. Empty lines are passed over.

    Raises:
        ConfigurationError: the file's name has another ending.
        FileMissingError: there is no such file.
        RecordInvalidError: something in it is no JSON object; the error says where (`file.jsonl:3`).
    """
    for record in each_record(path):
        if isinstance(record, RecordInvalidError):
            raise record
        yield record


def each_record(path: Path) -> Iterator[JsonObject | RecordInvalidError]:
    """Yield the records of a file, and in the place of one that cannot be read the error that says where and why.

    `-` is standard input. Of that, and of what is no ordinary file (`/dev/stdin`), the first line tells whether there
    is a record a line or one JSON text.

    Raises:
        ConfigurationError: the ending of an ordinary file's name says nothing known.
        FileMissingError: there is no such file.
    """
    if path == STANDARD_INPUT:
        yield from _stream(sys.stdin.buffer, "standard input")
    elif path.exists() and not path.is_file() and not path.is_dir():
        with path.open("rb") as stream:
            yield from _stream(stream, str(path))
    elif not path.is_file():
        raise FileMissingError("There is no such file.", uri=str(path), remedy="Check the path.")
    elif path.name.endswith(".json"):
        yield from _whole(path.read_bytes(), str(path))
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _file_of_lines(path)
    else:
        raise ConfigurationError(
            "The ending of this file's name says nothing known about its content.",
            uri=str(path),
            remedy="Give a file that ends in .json, .jsonl or .jsonl.gz.",
        )


def _stream(stream: BinaryIO, name: str) -> Iterator[JsonObject | RecordInvalidError]:
    first = stream.readline()
    begun = _read(first, f"{name}:1") if first.strip() else None
    if isinstance(begun, RecordInvalidError) or first.lstrip().startswith(b"["):
        yield from _whole(first + stream.read(), name)  # the first line alone is no record, but the text may be one
    else:
        yield from _lines(chain((first,), stream), name)


def _whole(text: bytes, name: str) -> Iterator[JsonObject | RecordInvalidError]:
    content = _content(text, name)
    if not isinstance(content, list):
        yield _object(content, name)
        return
    for position, item in enumerate(content, start=1):
        yield _object(item, f"{name}, item {position}")


def _file_of_lines(path: Path) -> Iterator[JsonObject | RecordInvalidError]:
    number = 0

    def counted(lines: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal number
        for number, line in enumerate(lines, start=1):  # noqa: B007  told where the file breaks off
            yield line

    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            yield from _lines(counted(lines), str(path))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            yield RecordInvalidError(
                f"The file is damaged after line {number}: {error}.", uri=str(path), remedy="Fetch the file again."
            )


def _lines(lines: Iterable[bytes], name: str) -> Iterator[JsonObject | RecordInvalidError]:
    empty = True
    for number, line in enumerate(lines, start=1):
        if line.strip():
            empty = False
            yield _read(line, f"{name}:{number}")
    if empty:
        yield RecordInvalidError("There is no record in it.", uri=name, remedy="See whether it is the file you meant.")


def _read(text: bytes, place: str) -> JsonObject | RecordInvalidError:
    return _object(_content(text, place), place)


def _content(text: bytes, place: str) -> object:
    try:
        return read_json(text, uri=place)
    except RecordInvalidError as error:
        return error


def _object(content: object, place: str) -> JsonObject | RecordInvalidError:
    if isinstance(content, RecordInvalidError):
        return content
    if not isinstance(content, dict):
        return RecordInvalidError(
            f"A record is a JSON object, and this is a {type(content).__name__}.",
            uri=place,
            value=ascii(content)[:60],
            remedy="Give records as the source exports them.",
        )
    return cast("JsonObject", content)
