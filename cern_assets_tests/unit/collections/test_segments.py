"""Segments: every recid is in one, stays there, and they are about equal."""

from collections import Counter

from cern_assets.collections.segments import segment_names, segment_of
from cern_assets.model.identifiers import Recid


def test_segments_bear_their_number_in_an_order_that_sorts() -> None:
    assert segment_names(3) == ["segment-0000", "segment-0001", "segment-0002"]
    assert sorted(segment_names(10_000)) == segment_names(10_000)


def test_every_recid_is_in_one_of_the_segments_and_they_are_about_equal() -> None:
    counts = Counter(segment_of(Recid(str(number)), 10) for number in range(10_000))
    assert sorted(counts) == segment_names(10)
    assert min(counts.values()) > 850
    assert max(counts.values()) < 1150


def test_a_recid_is_in_the_same_segment_in_every_release() -> None:
    found = {recid: segment_of(Recid(recid), 100) for recid in ("1", "900001", "12.3")}
    assert found == {"1": "segment-0010", "900001": "segment-0007", "12.3": "segment-0002"}
