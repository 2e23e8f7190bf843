"""How tests are spread over processes."""

from cern_assets_tests.conventions.sources import TESTS
from cern_assets_tests.services.spreading import needs_invenio


def test_the_files_that_need_a_real_inveniordm_are_told_from_the_others() -> None:
    needing = {file.relative_to(TESTS).as_posix() for file in TESTS.rglob("test_*.py") if needs_invenio(file)}
    assert {
        "contract/test_repository.py",
        "integration/test_killed_at_each_step.py",
        "integration/test_real_records.py",
        "unit/flows/test_affiliations.py",
    } <= needing
    assert not {"integration/test_killed_processes.py", "unit/documents/test_leases.py"} & needing
