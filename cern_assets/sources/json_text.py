"""JSON from outside, read strictly."""

import json
from typing import NoReturn

from cern_assets.errors import RecordInvalidError


def read_json(text: bytes | str, *, uri: str) -> object:
    """Read JSON; `uri` says in errors where it came from.

    `NaN` and `Infinity`, which Python's reader would take, are no JSON and could not be written again.

    Raises:
        RecordInvalidError: the text is no JSON, or nested or long beyond any record.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RecordInvalidError(
            f"This is not readable as JSON: {error}.",
            uri=uri,
            value=ascii(text[:60]),
            remedy="Open it and see what it is instead.",
        ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
