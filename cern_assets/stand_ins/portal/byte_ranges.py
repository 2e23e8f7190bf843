"""Files as HTTP answers, whole or in part."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_CHUNK_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_MEDIA_TYPE = "application/octet-stream"


def whole_file(request: Request, file: BinaryIO) -> Response:
    """Answer with all bytes of a file, which is closed in the end."""
    return _answer(request, file, 0, _size(file), status=200, headers={})


def file_or_part(request: Request, file: BinaryIO) -> Response:
    """Answer with what a `Range` of one part asks for (206, or 416), or else with all; the file is closed in the end.

    As in RFC 9110, a header that is not understood is passed over.
    """
    size = _size(file)
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return _answer(request, file, 0, size, status=200, headers={"Accept-Ranges": "bytes"})
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        file.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    content_range = {"Content-Range": f"bytes {start}-{end - 1}/{size}", "Accept-Ranges": "bytes"}
    return _answer(request, file, start, end, status=206, headers=content_range)


def _answer(
    request: Request, file: BinaryIO, start: int, end: int, *, status: int, headers: dict[str, str]
) -> Response:
    headers = {**headers, "Content-Length": str(end - start)}
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers, media_type=_MEDIA_TYPE)
    return StreamingResponse(_chunks(file, start, end), status, headers, _MEDIA_TYPE)


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end:
            chunk = file.read(min(_CHUNK_BYTES, end - start))
            start += len(chunk)
            yield chunk


def _size(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)
