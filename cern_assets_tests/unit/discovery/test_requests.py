"""What becomes of runs that were asked for: nothing counts as known that no run has come to its end with."""

from cern_assets.flows.discovery.requests import asked_for, noted, settled
from cern_assets.model.discovery import Asked, Decision, Listing, Notes, Outcome, Seen
from cern_assets.model.identifiers import Recid

A, B = Recid("1"), Recid("2")
SAYS = Seen("digest", "2026-01-01")
ASKED = Asked("opendata-1-1", {A: SAYS, B: None})


def after(outcome: Outcome, notes: Notes | None = None, withdrawn: frozenset[Recid] = frozenset()) -> Notes:
    return settled(notes or Notes(asked=(ASKED,)), {ASKED.key: outcome}, withdrawn, 1000.0)


def test_a_run_that_ended_makes_known_what_the_source_said_when_it_was_asked_for() -> None:
    notes = after(Outcome("ended", frozenset({A, B})))
    assert (notes.known, notes.asked) == ({A: SAYS}, ())


def test_a_recid_that_the_run_did_not_hold_is_not_known_and_comes_back_as_new() -> None:
    assert after(Outcome("ended", frozenset({B}))).known == {}


def test_a_run_that_is_under_way_or_not_there_yet_stays_asked() -> None:
    assert after(Outcome("under way")).asked == (ASKED,)
    assert after(Outcome("not there")).asked == (ASKED,)


def test_a_run_that_died_is_asked_for_again_under_another_key_after_a_pause_that_doubles() -> None:
    (second,) = after(Outcome("died")).asked
    assert (second.key, second.attempt, second.not_before) == ("opendata-1-1#2", 2, 1060.0)
    (third,) = settled(Notes(asked=(second,)), {second.key: Outcome("died")}, frozenset(), 2000.0).asked
    assert (third.key, third.attempt, third.not_before) == ("opendata-1-1#3", 3, 2120.0)


def test_a_run_that_has_died_for_months_waits_an_hour_and_no_tick_breaks_over_it() -> None:
    many = Asked("opendata-1-1#5000", {A: SAYS}, attempt=5000)
    (next_,) = settled(Notes(asked=(many,)), {many.key: Outcome("died")}, frozenset(), 1000.0).asked
    assert (next_.key, next_.attempt, next_.not_before) == ("opendata-1-1#5001", 5001, 4600.0)


def test_a_record_counts_as_gone_when_its_run_found_so() -> None:
    missing = Notes(known={B: SAYS}, missing={B: 1.0}, asked=(ASKED,))
    ended = Outcome("ended", frozenset({A, B}))
    assert after(ended, missing, frozenset({B})).gone == {B}
    waits = after(ended, missing)
    assert (waits.gone, waits.missing) == (frozenset(), {B: 1.0}), "it is asked for again while it is missing"


def test_a_record_that_reappeared_and_ran_is_known_as_any_other() -> None:
    was_gone = Notes(known={A: SAYS}, missing={A: 1.0}, gone=frozenset({A}), asked=(ASKED,))
    notes = after(Outcome("ended", frozenset({A, B})), was_gone)
    assert (notes.known, notes.missing, notes.gone) == ({A: SAYS}, {}, frozenset())


def test_a_list_that_tells_timestamps_only_leaves_the_hash_that_is_known() -> None:
    told = Asked(ASKED.key, {A: Seen(None, "2026-02-02")})
    notes = after(Outcome("ended", frozenset({A})), Notes(known={A: SAYS}, asked=(told,)))
    assert notes.known == {A: Seen("digest", "2026-02-02")}


def test_a_stewards_word_is_good_until_nobody_is_missing() -> None:
    word = Notes(allowed=9, missing={A: 1.0})
    listing = Listing(seen={}, trusted=True)
    assert noted(word, Decision(withdrawn=(A,), suspected=(B,)), listing, 5.0).missing == {A: 1.0, B: 5.0}
    assert noted(word, Decision(withdrawn=(A,)), listing, 5.0).allowed == 9
    assert noted(word, Decision(), listing, 5.0).allowed == 0
    assert noted(word, Decision(), Listing(seen={}, trusted=False), 5.0).allowed == 9


def test_runs_are_told_apart_for_good() -> None:
    asked = asked_for([[A], [B]], Listing(seen={A: SAYS}, trusted=True), stamp="opendata-1700")
    assert [each.key for each in asked] == ["opendata-1700-1", "opendata-1700-2"]
    assert [each.seen for each in asked] == [{A: SAYS}, {B: None}]
