"""Guards that temporary names are never two writers' and never a record's."""

import pytest

from cern_assets.errors import UnsafeNameError
from cern_assets.storage.paths import is_temporary, safe_path, temporary_name


def test_temporary_names_differ_and_are_hidden() -> None:
    names = {temporary_name() for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".") and is_temporary(name) for name in names)


def test_a_record_cannot_choose_a_temporary_name() -> None:
    with pytest.raises(UnsafeNameError, match="temporary"):
        safe_path(f"files/133/{temporary_name()}")


@pytest.mark.parametrize("path", ["a", ".hidden", "a/.partial", ".partial-folder/a", "a.partial-1"])
def test_other_names_are_left_as_they_are(path: str) -> None:
    assert safe_path(path) == path
