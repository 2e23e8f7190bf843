"""Whatever the bytes, the chunks and the places where the stream breaks: the copy is the file."""

import hashlib
import tempfile
import zlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.model.checksums import HEX_DIGITS, Checksum
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import _escaped, _unescaped
from cern_assets.transfers.hashing import fingerprint
from cern_assets.transfers.transfer import transfer
from cern_assets_tests.contract.stores import get
from cern_assets_tests.unit.transfers.breaking import Break, BreakingReader


@st.composite
def _broken_streams(draw: st.DrawFn) -> tuple[bytes, list[Break], int]:
    """Bytes, breaks each of which lets some bytes through before, and a chunk size."""
    content = draw(st.binary(max_size=300))
    offsets = draw(st.sets(st.integers(1, len(content)), max_size=8)) if content else set()
    breaks: list[Break] = [(offset, draw(st.sampled_from(["cut", "ended"]))) for offset in sorted(offsets)]
    return content, breaks, draw(st.integers(1, 100))


@settings(deadline=None)  # disks are now and then slow
@given(_broken_streams())
def test_a_copy_over_any_breaks_is_the_file(stream: tuple[bytes, list[Break], int]) -> None:
    content, breaks, chunk_bytes = stream
    expected = Checksum(algorithm="adler32", value=f"{zlib.adler32(content):08x}")
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        done = transfer(
            BreakingReader(content, breaks=breaks, chunk_bytes=chunk_bytes),
            "file",
            store,
            "copy",
            size_bytes=len(content),
            expected=expected,
            algorithms=("md5",),
            attempts=2,
        )
        assert get(store, "copy") == content
        assert list(store.list()) == ["copy"]
    assert done.size_bytes == len(content)
    assert done.checksums == (Checksum(algorithm="md5", value=hashlib.md5(content).hexdigest()), expected)


@given(st.lists(st.binary(max_size=50)))
def test_checksums_do_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    assert fingerprint(chunks, HEX_DIGITS) == fingerprint([b"".join(chunks)], HEX_DIGITS)


@given(st.text(alphabet="%235Ff?a"))
def test_a_name_written_for_xrootd_is_read_back_and_has_no_question_mark(name: str) -> None:
    written = _escaped(name)
    assert "?" not in written
    assert _unescaped(written) == name
