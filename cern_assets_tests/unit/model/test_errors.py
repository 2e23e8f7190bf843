"""The error tree: every leaf is transient or permanent, and the drawing in the docstring is the truth."""

import inspect
import re

from cern_assets import errors
from cern_assets.errors import CernAssetsError, ChecksumMismatchError, PermanentError, TransientError


def _leaves() -> set[str]:
    return {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, CernAssetsError) and kind not in (CernAssetsError, TransientError, PermanentError)
    }


def test_every_error_is_transient_or_permanent() -> None:
    for name in _leaves():
        kind = getattr(errors, name)
        assert issubclass(kind, TransientError) != issubclass(kind, PermanentError), name


def test_the_tree_in_the_docstring_names_every_error() -> None:
    drawn = set(re.findall(r"[├└]── (\w+Error)", errors.__doc__ or ""))
    assert drawn == _leaves() | {"TransientError", "PermanentError"}


def test_a_message_says_what_where_and_what_to_do() -> None:
    error = ChecksumMismatchError("The bytes differ.", uri="root://h//f", remedy="Ask the curators.")
    assert str(error.at(recid="133", stage="raw_files")) == (
        "The bytes differ. [recid 133, stage raw_files, file root://h//f] Ask the curators."
    )
    assert error.code == "ChecksumMismatch"
