"""Guards that only JSON is read as JSON, and that whatever else comes is a rejected record and no crash."""

import pytest

from cern_assets.errors import RecordInvalidError
from cern_assets.sources.json_text import MOST_BRACKETS, read_json


def test_json_in_utf8_is_read() -> None:
    assert read_json(b'{"title": "\xc3\xa9"}', uri="here") == {"title": "é"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b"[Infinity]", id="infinity"),
        pytest.param(b"\xff\xfe\x00", id="no utf-8"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b"1" * 5_000, id="too long a number"),
        pytest.param(b'{"a":1}{', id="more after it"),
        pytest.param(b"[" + b"{}," * MOST_BRACKETS + b"{}]", id="too many objects"),
    ],
)
def test_what_is_no_json_is_an_invalid_record_with_its_place(text: bytes) -> None:
    with pytest.raises(RecordInvalidError) as caught:
        read_json(text, uri="https://example.org/1")
    assert caught.value.uri == "https://example.org/1"
