"""Records from files on disk, for work without a source at hand."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from cern_assets.errors import ConfigurationError, FileMissingError, RecordInvalidError
from cern_assets.model.values import JsonObject
from cern_assets.sources.json_text import read_json


def read_records(path: Path) -> Iterator[JsonObject]:
    """Yield the records of a file: `.json` (one, or a list of them), `.jsonl` or `.jsonl.gz` (one a line).

    Lines are read as they are asked for, so that memory holds one record. Empty lines are passed over.

    Raises:
        ConfigurationError: the file's name has another ending.
        FileMissingError: there is no such file.
        RecordInvalidError: something in it is no JSON object; the error says where (`file.jsonl:3`).
    """
    if not path.is_file():
        raise FileMissingError("There is no such file.", uri=str(path), remedy="Check the path.")
    if path.name.endswith(".json"):
        yield from _whole(path)
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _lines(path)
    else:
        raise ConfigurationError(
            "The ending of this file's name says nothing known about its content.",
            uri=str(path),
            remedy="Give a file that ends in .json, .jsonl or .jsonl.gz.",
        )


def _whole(path: Path) -> Iterator[JsonObject]:
    content = read_json(path.read_bytes(), uri=str(path))
    if not isinstance(content, list):
        yield _object(content, str(path))
        return
    for position, item in enumerate(content, start=1):
        yield _object(item, f"{path}, item {position}")


def _lines(path: Path) -> Iterator[JsonObject]:
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _object(read_json(line, uri=f"{path}:{number}"), f"{path}:{number}")
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise RecordInvalidError(
                f"The file is damaged after line {number}: {error}.", uri=str(path), remedy="Fetch the file again."
            ) from error


def _object(content: object, place: str) -> JsonObject:
    if not isinstance(content, dict):
        raise RecordInvalidError(
            f"A record is a JSON object, and this is a {type(content).__name__}.",
            uri=place,
            value=ascii(content)[:60],
            remedy="Give records as the source exports them.",
        )
    return cast("JsonObject", content)
