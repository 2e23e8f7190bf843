"""Lists of recids as people and their programs save them."""

from pathlib import Path

import pytest

from cern_assets.collections.recid_lists import read_list
from cern_assets.errors import ConfigurationError, RecordNotFoundError
from cern_assets.sources.opendata.recids import parse_recid


@pytest.mark.parametrize(
    "saved",
    [
        b"133\n160\n",
        b"\xef\xbb\xbf133\r\n160\r\n",
        b"133\r160",
        b"\n 133  # the first\n# none: 7\n160\n\n",
        "133 # a comment with a separator of lines: \u2028 9\n160 # or \x0c 8, or \x85 7\n".encode(),
    ],
    ids=["as it is shown", "with a mark of its encoding and CRLF", "with CR", "with comments", "with strange comments"],
)
def test_a_list_has_a_recid_a_line_however_it_was_saved(tmp_path: Path, saved: bytes) -> None:
    (tmp_path / "list").write_bytes(saved)
    assert list(read_list(tmp_path / "list", parse_recid)) == ["133", "160"]


@pytest.mark.parametrize("line", ["133 160", "133,160", "../133", "1\x003", "9" * 100_000, "\uff11\uff13\uff13"])
def test_a_line_that_is_no_recid_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "list").write_text(f"# some\r\n133\n{line}\n", encoding="utf-8")
    with pytest.raises(RecordNotFoundError) as told:
        list(read_list(tmp_path / "list", parse_recid))
    assert told.value.uri == f"{tmp_path / 'list'}:3"
    assert len(str(told.value)) < 1000


def test_a_list_that_is_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="The list of recids cannot be read"):
        list(read_list(tmp_path, parse_recid))
