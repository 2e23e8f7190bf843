"""The plan: as they are when the target takes them so, one ZIP when it takes that, else a clear refusal."""

import pytest

from cern_assets.archives.plan import plan_archive
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import ArchiveLimits
from cern_assets.model.checksums import Checksum
from cern_assets.model.manifests import Manifest, StoredFile

CRC = Checksum(algorithm="crc32", value="00000000")
LIMITS = ArchiveLimits(max_files=3, max_file_bytes=10_000, max_record_bytes=20_000)


def _manifest(*sizes: int) -> Manifest:
    return Manifest(
        files=tuple(
            StoredFile(key=f"{index}.root", path=f"x/{index}", size_bytes=size, checksums=(CRC,), verified=True)
            for index, size in enumerate(sizes)
        )
    )


def test_a_record_without_files_has_nothing_to_upload() -> None:
    assert plan_archive(_manifest(), LIMITS).form == "none"


def test_files_within_all_limits_go_up_as_they_are() -> None:
    assert plan_archive(_manifest(10_000, 5_000, 5_000), LIMITS).form == "as-is"


@pytest.mark.parametrize("count", [4, 50])
def test_more_files_than_a_record_may_have_go_into_one_zip(count: int) -> None:
    roomy = ArchiveLimits(max_files=3, max_file_bytes=100_000, max_record_bytes=100_000)
    plan = plan_archive(_manifest(*[1] * count), roomy)
    assert plan.form == "zip"
    assert f"{count} files are more than the 3" in plan.reason


@pytest.mark.parametrize(
    ("sizes", "named"),
    [((10_001,), "0.root has 10001 bytes"), ((9_000, 9_000, 9_000), "27000 bytes are more"), ((9_000,) * 4, "4 files")],
)
def test_what_fits_in_no_form_is_refused_with_the_numbers(sizes: tuple[int, ...], named: str) -> None:
    with pytest.raises(ArchiveLimitError, match=named):
        plan_archive(_manifest(*sizes), LIMITS)
