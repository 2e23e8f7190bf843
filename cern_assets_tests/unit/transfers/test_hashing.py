"""Guards the checksums against values from elsewhere: published examples and GNU coreutils."""

import pytest

from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.transfers.hashing import fingerprint

KNOWN: dict[Algorithm, tuple[str, str]] = {  # of b"" and of b"Wikipedia"
    "adler32": ("00000001", "11e60398"),
    "crc32": ("00000000", "adaac02e"),
    "md5": ("d41d8cd98f00b204e9800998ecf8427e", "9c677286866aad38f8e9b660f5411814"),
    "sha1": ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "664add438097fbd4307f814de8e62a10f8905588"),
    "sha256": (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "d38b38a2dd476e045c299e8ee5d6466834456d97bd592a71746b423a6a05f386",
    ),
}


@pytest.mark.parametrize("algorithm", KNOWN)
def test_a_known_value_is_found(algorithm: Algorithm) -> None:
    empty, full = KNOWN[algorithm]
    assert fingerprint([], (algorithm,)) == (0, (Checksum(algorithm=algorithm, value=empty),))
    assert fingerprint([b"Wiki", b"", b"pedia"], (algorithm,)) == (9, (Checksum(algorithm=algorithm, value=full),))


def test_several_checksums_come_from_one_pass_in_the_order_asked_for() -> None:
    once = iter([b"Wikipedia"])
    _, checksums = fingerprint(once, ("crc32", "adler32"))
    assert [str(checksum) for checksum in checksums] == ["crc32:adaac02e", "adler32:11e60398"]


def test_a_sum_keeps_its_leading_zeros() -> None:
    assert fingerprint([b"a"], ("adler32",))[1][0].value == "00620062"
