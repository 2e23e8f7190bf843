"""Checksums as they stand in real records: unpadded, misspelt, bare, in capitals."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.model.checksums import is_canonical, parse_checksum


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("adler32:aa8c36a", "adler32:0aa8c36a"),
        ("adler32:d184618", "adler32:0d184618"),
        ("alder32:38be53", "adler32:0038be53"),
        ("ADLER32:AA8C36AF", "adler32:aa8c36af"),
        ("38be53", "adler32:0038be53"),
        ("5d41402abc4b2a76b9719d911017c592", "md5:5d41402abc4b2a76b9719d911017c592"),
        ("sha1:665c3ec5b8e863633ec994f8a45f2079834a5f5e", "sha1:665c3ec5b8e863633ec994f8a45f2079834a5f5e"),
        (" adler32:1 ", "adler32:00000001"),
    ],
)
def test_what_stands_in_records_is_read_in_its_full_form(text: str, read: str) -> None:
    assert str(parse_checksum(text)) == read


@pytest.mark.parametrize(
    "text", ["", "adler32:", "adler32:xyz", "adler32:123456789", "md5:123", "crc64:12", "1234567890", ":12", "a:b:c"]
)
def test_what_is_no_checksum_is_not_taken_for_one(text: str) -> None:
    assert parse_checksum(text) is None


@given(st.binary())
def test_an_adler32_printed_without_its_zeros_equals_the_padded_one(data: bytes) -> None:
    number = zlib.adler32(data)
    unpadded, padded = parse_checksum(f"adler32:{number:x}"), parse_checksum(f"adler32:{number:08x}")
    assert unpadded == padded
    assert is_canonical(f"adler32:{number:08x}")
    assert is_canonical(f"adler32:{number:x}") == (number >= 0x10000000)
