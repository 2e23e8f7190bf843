"""What a listing means for what is known; and that no failed or partial one takes anything away."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.flows.discovery.decision import decide
from cern_assets.model.discovery import Decision, Listing, Notes, Seen
from cern_assets.model.identifiers import Recid

A, B, C = Recid("1"), Recid("2"), Recid("atlas-3")
SAYS, OTHER = Seen("digest", "2026-01-01"), Seen("another digest", "2026-01-02")


def decided(
    seen: dict[Recid, Seen], notes: Notes, *, busy: Iterable[Recid] = (), trusted: bool = True, share: float = 1.0
) -> Decision:
    return decide(Listing(seen=seen, trusted=trusted), notes, frozenset(busy), share=share)


def test_what_is_not_known_is_new_in_the_order_of_the_source() -> None:
    assert decided({C: SAYS, A: SAYS}, Notes()) == Decision(new=(C, A))


def test_what_is_as_it_was_is_nothing() -> None:
    assert decided({A: SAYS}, Notes(known={A: SAYS})) == Decision()


def test_another_hash_is_a_change_and_another_timestamp_alone_is_none() -> None:
    known = Notes(known={A: SAYS, B: SAYS})
    assert decided({A: OTHER, B: SAYS._replace(updated="2026-02-02")}, known) == Decision(changed=(A,), touched=(B,))


def test_a_timestamp_is_all_that_some_lists_tell() -> None:
    assert decided({A: Seen(None, "2026-02-02")}, Notes(known={A: SAYS}), trusted=False) == Decision(touched=(A,))


def test_a_record_that_only_the_collection_names_is_looked_at_with_each_full_listing() -> None:
    known = Notes(known={A: Seen()})
    assert decided({A: Seen()}, known) == Decision(touched=(A,))
    assert decided({A: Seen()}, known, trusted=False) == Decision()


def test_what_is_under_way_is_not_asked_for_again() -> None:
    notes = Notes(known={B: SAYS, C: SAYS}, missing={C: 1.0})
    assert decided({A: SAYS, B: OTHER}, notes, busy=[A, B, C]) == Decision(busy=(A, B, C))


def test_a_record_is_withdrawn_only_when_a_second_listing_lacks_it_too() -> None:
    assert decided({}, Notes(known={A: SAYS})) == Decision(suspected=(A,))
    assert decided({}, Notes(known={A: SAYS}, missing={A: 1.0})) == Decision(withdrawn=(A,))
    assert decided({}, Notes(known={A: SAYS}, missing={A: 1.0}, gone=frozenset({A}))) == Decision()


def test_a_record_that_is_listed_again_has_reappeared() -> None:
    assert decided({A: SAYS}, Notes(known={A: SAYS}, missing={A: 1.0})) == Decision(reappeared=(A,))
    assert decided({A: SAYS}, Notes(known={A: SAYS}, gone=frozenset({A}))) == Decision(reappeared=(A,))


@pytest.mark.parametrize(("allowed", "goes"), [(0, False), (9, False), (10, True)])
def test_more_than_the_share_go_only_with_a_stewards_word(allowed: int, goes: bool) -> None:
    known = {Recid(str(number)): SAYS for number in range(100)}
    gone = [Recid(str(number)) for number in range(10)]
    notes = Notes(known=known, missing=dict.fromkeys(gone, 1.0), allowed=allowed)
    decision = decided({recid: SAYS for recid in known if recid not in gone}, notes, share=0.05)
    assert decision.withdrawn == (tuple(gone) if goes else ())
    assert decision.held == (() if goes else tuple(gone))


_RECIDS = st.integers(min_value=1, max_value=12).map(lambda number: Recid(str(number)))
_SEEN = st.dictionaries(_RECIDS, st.sampled_from([SAYS, OTHER, Seen(), Seen(None, "2026-03-03")]))
_NOTES = st.builds(
    Notes,
    known=_SEEN,
    missing=st.dictionaries(_RECIDS, st.just(1.0)),
    gone=st.frozensets(_RECIDS),
    allowed=st.integers(min_value=0, max_value=12),
)


@given(seen=_SEEN, notes=_NOTES, busy=st.frozensets(_RECIDS), trusted=st.booleans(), share=st.floats(0, 1))
def test_each_recid_has_one_fate_and_nothing_is_missed(
    seen: dict[Recid, Seen], notes: Notes, busy: frozenset[Recid], trusted: bool, share: float
) -> None:
    decision = decided(seen, notes, busy=busy, trusted=trusted, share=share)
    fates = [recid for recids in vars(decision).values() for recid in recids]
    assert len(fates) == len(set(fates))
    assert not busy & set(decision.to_run)
    unknown = seen.keys() - notes.known.keys()
    assert unknown <= set(fates), "a record that is not known is always told"
    if not trusted:
        assert not decision.suspected + decision.withdrawn + decision.held
    assert len(decision.withdrawn) <= max(1, int(share * len(notes.known)), notes.allowed)
