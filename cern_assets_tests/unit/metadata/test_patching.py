"""Corrections last while what they correct stays, and are left out with both values where it does not."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cern_assets.metadata.patching import curated, patch_between
from cern_assets.model.curation import Curation, Operation
from cern_assets.model.values import content_hash

BEFORE: dict[str, Any] = {
    "metadata": {"title": "A datset", "subjects": [{"subject": "a"}, {"subject": "b"}], "version": "1"},
    "access": {"record": "restricted"},
}


def curation(after: dict[str, Any], before: dict[str, Any] = BEFORE) -> Curation:
    return Curation(
        author="Jane Doe",
        date=date(2026, 11, 26),
        reason="Misprints.",
        made_for=content_hash(before),
        patch=patch_between(before, after),
    )


def changed(**metadata: Any) -> dict[str, Any]:
    return {**BEFORE, "metadata": {**BEFORE["metadata"], **metadata}}


def test_a_correction_gives_what_its_author_wanted_without_a_word() -> None:
    after = changed(title="A dataset", subjects=[{"subject": "b"}, {"subject": "c"}], publisher="CERN")
    del after["metadata"]["version"]
    assert curated(BEFORE, curation(after)) == (after, ())


def test_a_correction_survives_a_change_of_something_else() -> None:
    now = changed(version="2")
    payload, findings = curated(now, curation(changed(title="A dataset")))
    assert payload == changed(version="2", title="A dataset")
    assert [(finding.code, finding.severity) for finding in findings] == [("curation-rebased", "note")]


def test_of_two_corrections_only_the_one_whose_field_has_changed_is_left_out_with_both_values() -> None:
    wanted = curation(changed(title="A dataset", version="1.0"))
    payload, (finding,) = curated(changed(title="Another title"), wanted)
    assert payload == changed(title="Another title", version="1.0")
    assert (finding.code, finding.field, finding.value) == ("curation-conflict", "metadata.title", "Another title")
    assert all(text in finding.message for text in ("A datset", "Another title", "A dataset"))


def test_a_field_that_is_gone_is_a_conflict_and_no_crash() -> None:
    now = changed()
    del now["metadata"]["title"]
    payload, (finding,) = curated(now, curation(changed(title="A dataset")))
    assert payload == now
    assert "nothing" in finding.message


@pytest.mark.parametrize("path", ["/access/record", "/pids/doi", "", "/metadatax/title", "/files/enabled"])
def test_a_correction_cannot_touch_access_identity_or_files(path: str) -> None:
    with pytest.raises(ValidationError):
        Operation(op="replace", path=path, value="public")
    with pytest.raises(ValidationError):
        patch_between(BEFORE, {**BEFORE, "access": {"record": "public"}})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)
METADATA = st.dictionaries(st.text("ab/~", max_size=2), VALUES, max_size=4)


@settings(deadline=None)
@given(METADATA, METADATA)
def test_between_any_two_deposits_there_is_a_patch_that_leads_from_one_to_the_other(before: Any, after: Any) -> None:
    first, second = {"metadata": before}, {"metadata": after}
    patch = patch_between(first, second)
    if not patch:
        assert first == second
        return
    made = Curation(author="a", date=date(2026, 1, 1), reason="r", made_for=content_hash(first), patch=patch)
    assert curated(first, made) == (second, ())
