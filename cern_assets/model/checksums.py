"""Checksums: an algorithm with a value, never a bare string."""

import re
from typing import Literal

from cern_assets.model.values import Value

Algorithm = Literal["adler32", "crc32", "md5", "sha1", "sha256"]

HEX_DIGITS: dict[Algorithm, int] = {"adler32": 8, "crc32": 8, "md5": 32, "sha1": 40, "sha256": 64}
_ALIASES: dict[str, Algorithm] = {"alder32": "adler32", "adler-32": "adler32", "sha-1": "sha1", "sha-256": "sha256"}
_NAMED: dict[str, Algorithm] = {name: name for name in HEX_DIGITS}
_NUMERIC = ("adler32", "crc32")


class Checksum(Value):
    """A checksum in lower-case hex, padded to the algorithm's full length, so that equal sums are equal values."""

    algorithm: Algorithm
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


def parse_checksum(text: str) -> Checksum | None:
    """Read `algorithm:hex`, or bare hex whose length names the algorithm; None if it can be neither.

    Forgiven, because they stand in real records: dropped leading zeros of adler32 and crc32 (`adler32:aa8c36a`), the
    misspelling `alder32`, capitals, and a missing algorithm (8 digits or fewer: adler32; 32: md5; 40: sha1).
    """
    name, separator, digits = text.strip().lower().rpartition(":")
    if not re.fullmatch(r"[0-9a-f]+", digits):
        return None
    algorithm = _algorithm(name) if separator else _algorithm_of_length(len(digits))
    if algorithm is None or len(digits) > HEX_DIGITS[algorithm]:
        return None
    if algorithm in _NUMERIC:
        digits = digits.zfill(HEX_DIGITS[algorithm])
    if len(digits) != HEX_DIGITS[algorithm]:
        return None
    return Checksum(algorithm=algorithm, value=digits)


def is_canonical(text: str) -> bool:
    """Whether the text is written exactly as `str(Checksum)` would write it."""
    checksum = parse_checksum(text)
    return checksum is not None and str(checksum) == text


def _algorithm(name: str) -> Algorithm | None:
    return _NAMED.get(name) or _ALIASES.get(name)


def _algorithm_of_length(length: int) -> Algorithm | None:
    if length <= HEX_DIGITS["adler32"]:
        return "adler32"
    return next((known for known, digits in HEX_DIGITS.items() if digits == length), None)


def same_checksum(one: Checksum | None, other: Checksum | None) -> bool:
    """Whether both are known and equal: two that are missing prove nothing."""
    return one is not None and one == other
