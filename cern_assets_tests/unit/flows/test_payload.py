"""What is sent for a version of a record: its DOI once, and no embargo that is over."""

import pytest

from cern_assets.flows.publish.payload import payload_of
from cern_assets.model.values import Json, JsonObject


def _embargoed(until: Json, *, active: bool = True) -> dict[str, Json]:
    embargo: dict[str, Json] = {"active": active, "until": until, "reason": "First analysis."}
    return {"access": {"record": "public", "files": "restricted", "embargo": embargo}, "metadata": {}}


def test_an_embargo_that_holds_is_sent() -> None:
    deposit = _embargoed("2026-12-31")
    assert payload_of(deposit, 1, today="2026-12-30") == deposit


@pytest.mark.parametrize("today", ["2026-12-31", "2027-01-01"])
def test_an_embargo_that_is_over_is_public_as_the_repository_has_lifted_it(today: str) -> None:
    assert payload_of(_embargoed("2026-12-31"), 1, today=today)["access"] == {"record": "public", "files": "public"}


def test_a_restriction_without_an_active_embargo_stays() -> None:
    deposit = _embargoed("2020-01-01", active=False)
    assert payload_of(deposit, 1, today="2026-12-31") == deposit


def test_a_doi_names_the_first_version_and_is_an_identifier_of_the_next() -> None:
    deposit: JsonObject = {
        "pids": {"doi": {"identifier": "10.1234/x", "provider": "external"}},
        "metadata": {"identifiers": [{"scheme": "other", "identifier": "recid:1"}]},
    }
    assert payload_of(deposit, 1) == deposit
    assert payload_of(deposit, 2) == {
        "pids": {},
        "metadata": {
            "identifiers": [
                {"scheme": "other", "identifier": "recid:1"},
                {"scheme": "doi", "identifier": "10.1234/x"},
            ]
        },
    }
