"""Three values of a field: what we said last, what is there now, what is wanted now."""

from typing import Any

import pytest

from cern_assets.metadata.merging import merge
from cern_assets.model.collections import EditPolicy

KEEP, OVERWRITE = EditPolicy(), EditPolicy(default="overwrite")


def _record(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "access": {"record": "public", "files": "public"}, "pids": {}}


def test_what_is_there_as_we_left_it_is_replaced_without_a_word() -> None:
    merged = merge(_record(title="New"), _record(title="Old"), [_record(title="Old")], KEEP)
    assert (merged.payload, merged.differs, merged.findings) == (_record(title="New"), True, ())


def test_what_is_there_as_it_is_wanted_needs_nothing() -> None:
    there = _record(title="T", resource_type={"id": "dataset", "title": {"en": "Dataset"}})
    merged = merge(_record(title="T", resource_type={"id": "dataset"}), there, [_record(title="Before")], KEEP)
    assert (merged.differs, merged.findings) == (False, ())


def test_without_knowledge_of_what_we_said_the_source_stands() -> None:
    merged = merge(_record(title="New"), _record(title="Old", subjects=[{"subject": "x"}]), [], KEEP)
    assert (merged.payload, merged.differs, merged.findings) == (_record(title="New"), True, ())


@pytest.mark.parametrize(("wanted", "severity"), [("Ours", "note"), ("Newer", "warning")])
def test_an_edit_is_kept_and_told_with_both_values(wanted: str, severity: str) -> None:
    merged = merge(_record(title=wanted), _record(title="Theirs"), [_record(title="Ours")], KEEP)
    assert (merged.payload["metadata"], merged.differs) == ({"title": "Theirs"}, False)
    (finding,) = merged.findings
    assert (finding.code, finding.severity, finding.field, finding.value) == (
        "edited-in-target",
        severity,
        "metadata.title",
        "Theirs",
    )
    assert wanted in finding.message


def test_an_edit_is_overwritten_where_the_collection_says_so_and_told_all_the_same() -> None:
    policy = EditPolicy(fields={"metadata.title": "overwrite"})
    there, said = _record(title="Theirs", version="v2"), _record(title="Ours", version="v1")
    merged = merge(said, there, [said], policy)
    assert merged.payload["metadata"] == {"title": "Ours", "version": "v2"}
    assert merged.differs
    assert [(finding.field, "overwritten" in finding.message) for finding in merged.findings] == [
        ("metadata.title", True),
        ("metadata.version", False),
    ]


def test_a_field_that_somebody_added_stays_when_another_one_changes() -> None:
    there = _record(title="Old", subjects=[{"subject": "added"}])
    merged = merge(_record(title="New"), there, [_record(title="Old")], KEEP)
    assert merged.payload["metadata"] == {"title": "New", "subjects": [{"subject": "added"}]}
    assert merged.differs
    removed = merge(_record(title="New"), there, [_record(title="Old")], OVERWRITE)
    assert removed.payload["metadata"] == {"title": "New"}


def test_a_field_that_somebody_took_out_stays_out() -> None:
    said = _record(title="T", version="v1")
    merged = merge(said, _record(title="T"), [said], KEEP)
    assert (merged.payload["metadata"], merged.differs, len(merged.findings)) == ({"title": "T"}, False, 1)


def test_a_field_that_the_source_dropped_goes() -> None:
    said = _record(title="T", version="v1")
    merged = merge(_record(title="T"), said, [said], KEEP)
    assert (merged.payload["metadata"], merged.differs, merged.findings) == ({"title": "T"}, True, ())


def test_a_restriction_that_somebody_set_is_kept_and_what_the_target_adds_by_itself_is_no_edit() -> None:
    there = {**_record(title="T"), "access": {"record": "restricted", "files": "public", "status": "restricted"}}
    there["pids"] = {"oai": {"identifier": "oai:1", "provider": "oai"}}
    merged = merge(_record(title="T"), there, [_record(title="T")], KEEP)
    assert merged.payload["access"] == {"record": "restricted", "files": "public"}
    assert [finding.field for finding in merged.findings] == ["access.record"]
    assert not merged.differs


def test_a_term_of_a_vocabulary_is_sent_back_by_its_id() -> None:
    there = _record(title="T", resource_type={"id": "image", "title": {"en": "Image"}})
    said = _record(title="Old", resource_type={"id": "dataset"})
    merged = merge(_record(title="New", resource_type={"id": "dataset"}), there, [said], KEEP)
    assert merged.payload["metadata"]["resource_type"] == {"id": "image"}  # type: ignore[index, call-overload]
