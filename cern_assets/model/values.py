"""The base of all values, JSON types, and the hash that tells whether two values are the same."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

type Json = JsonValue
type JsonObject = Mapping[str, JsonValue]


class Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no blanks and no escapes: the same text for the same content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: object) -> str:
    """SHA-256 (hex) over the canonical JSON of a value or of plain JSON data.

    Fields of a value that have their defaults do not count: a model that gets a new one leaves the hashes as they are.
    """
    data = value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
    return hashlib.sha256(canonical_json(data).encode("utf-8", "surrogatepass")).hexdigest()
