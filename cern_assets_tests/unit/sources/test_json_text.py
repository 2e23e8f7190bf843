"""Guards that only JSON is read as JSON, and that whatever else comes is a rejected record and no crash."""

import pytest

from cern_assets.errors import RecordInvalidError
from cern_assets.sources.json_text import read_json


def test_json_in_utf8_is_read() -> None:
    assert read_json(b'{"title": "\xc3\xa9"}', uri="here") == {"title": "é"}


@pytest.mark.parametrize(
    "text",
    [b"", b"<html>", b'{"a": NaN}', b"[Infinity]", b"\xff\xfe\x00", b"[" * 100_000, b"1" * 5_000, b'{"a":1}{'],
    ids=["nothing", "html", "nan", "infinity", "no utf-8", "too deep", "too long a number", "more after it"],
)
def test_what_is_no_json_is_an_invalid_record_with_its_place(text: bytes) -> None:
    with pytest.raises(RecordInvalidError) as caught:
        read_json(text, uri="https://example.org/1")
    assert caught.value.uri == "https://example.org/1"
