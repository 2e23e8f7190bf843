"""Bodies of requests as JSON: bounded in size and depth, and only what can be written out again."""

import json
import math
from typing import Any, NoReturn

from starlette.requests import Request

from cern_assets.stand_ins.repository.refusals import RefusedError

MAX_JSON_BYTES = 16 * 1024 * 1024
"""A record of InvenioRDM has kilobytes; what is longer than this is refused before it is in memory."""


async def read_json(request: Request) -> Any:
    """The body of a request, None if it has none.

    Raises:
        RefusedError: it is too long, no JSON, or has what JSON cannot hold (NaN, an infinite number, half a surrogate
            pair): what is kept must be readable for good.
    """
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_JSON_BYTES:
            raise RefusedError(413, f"The body has more than {MAX_JSON_BYTES} bytes.")
    return _parsed(bytes(raw)) if raw else None


def _parsed(raw: bytes) -> Any:
    try:
        value = json.loads(raw, parse_constant=_refuse, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "Unable to decode JSON data in request body.") from error
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number.")
    return number
