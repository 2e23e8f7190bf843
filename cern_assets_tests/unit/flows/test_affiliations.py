"""Affiliations and funders by ROR id where the target's vocabulary has it."""

from collections.abc import Iterator

import pytest

from cern_assets.flows.publish.affiliations import affiliated
from cern_assets.metadata.comparison import differences
from cern_assets.metadata.merging import merge
from cern_assets.model.collections import EditPolicy
from cern_assets.model.values import Json
from cern_assets.ports import Repository
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets_tests.services.repository import RunningRepository


def deposit(*names: str) -> dict[str, Json]:
    affiliations: list[Json] = [{"name": name} for name in names]
    return {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": False},
        "metadata": {
            "title": "Two people",
            "publication_date": "2024",
            "publisher": "CERN",
            "resource_type": {"id": "dataset"},
            "creators": [
                {"person_or_org": {"type": "personal", "family_name": "Meitner"}, "affiliations": affiliations},
                {
                    "person_or_org": {
                        "type": "organizational",
                        "name": "RWTH Aachen University",
                        "identifiers": [{"scheme": "ror", "identifier": "04xfq0f34"}],
                    }
                },
            ],
        },
    }


def affiliations(payload: object) -> object:
    return payload["metadata"]["creators"][0]["affiliations"]  # type: ignore[index]


@pytest.fixture
def embedded(embedded_repository: RunningRepository) -> Iterator[Repository]:
    adapter = NrpRepository(embedded_repository.url, embedded_repository.token, attempts=1, timeout_seconds=30)
    yield adapter
    adapter.close()


def test_where_the_target_has_no_such_term_names_stay_names(embedded: Repository) -> None:
    sent = deposit("Helsinki Inst. of Phys.", "Nobody's Institute")
    assert affiliated(sent, embedded) == sent


@pytest.mark.service
def test_an_id_that_the_record_states_is_asked_for_and_sent_where_the_target_has_it(invenio: RunningRepository) -> None:
    repository = NrpRepository(invenio.url, invenio.token, attempts=3, timeout_seconds=60)
    sent = affiliated(
        deposit("Inst. of Helsinki", "Orsay, LAL"),
        repository,
        stated={"Inst. of Helsinki": "01x2x1522", "Orsay, LAL": "046w3ze59"},
    )
    repository.close()
    assert affiliations(sent) == [{"id": "01x2x1522"}, {"name": "Orsay, LAL"}]


def test_a_name_without_an_id_asks_nothing(embedded: Repository) -> None:
    affiliated(deposit("Nobody's Institute"), embedded)
    assert embedded.spent.requests == {}


@pytest.mark.service
def test_where_it_has_it_the_id_is_sent_once_published_and_comes_back(invenio: RunningRepository) -> None:
    repository = NrpRepository(invenio.url, invenio.token, attempts=3, timeout_seconds=60)
    given = deposit("Helsinki Inst. of Phys.", "Helsinki Institute of Physics", "Lapland, U. Appl. Sci.")
    sent = affiliated(given, repository)
    assert affiliations(sent) == [{"id": "01x2x1522"}, {"name": "Lapland, U. Appl. Sci."}]
    draft = repository.create_draft(sent)
    assert (draft.problems, differences(sent, draft.payload)) == ((), ())
    published = repository.publish(draft)
    repository.close()
    assert differences(sent, published.payload) == ()
    assert affiliations(published.payload)[0]["name"] == "Helsinki Institute of Physics"  # type: ignore[index]


def test_an_edit_that_is_kept_sends_the_id_back_and_not_what_the_target_shows_of_it() -> None:
    shown: Json = {"id": "01x2x1522", "name": "Helsinki Institute of Physics", "identifiers": []}
    said = deposit("Somewhere")
    there = deposit("Somewhere")
    there["metadata"]["creators"][0]["affiliations"] = [shown]  # type: ignore[index, call-overload]
    merged = merge(said, there, [said], EditPolicy())
    assert affiliations(merged.payload) == [{"id": "01x2x1522"}]


def _funded(*names: str) -> dict[str, Json]:
    grants: list[Json] = [{"funder": {"name": name}, "award": {"number": "1", "title": {"en": "G"}}} for name in names]
    given = deposit("Somewhere")
    return {**given, "metadata": {**given["metadata"], "funding": grants}}  # type: ignore[dict-item]


def test_a_funder_stays_a_name_where_the_target_has_no_such_term(embedded: Repository) -> None:
    sent = _funded("European Commission", "Nobody's Fund")
    assert affiliated(sent, embedded) == sent


@pytest.mark.service
def test_a_funder_that_the_target_has_goes_by_its_id_and_comes_back(invenio: RunningRepository) -> None:
    repository = NrpRepository(invenio.url, invenio.token, attempts=3, timeout_seconds=60)
    sent = affiliated(_funded("10.13039/501100000780", "European Commission", "Nobody's Fund"), repository)
    funders = [grant["funder"] for grant in sent["metadata"]["funding"]]  # type: ignore[index, call-overload, union-attr]
    assert funders == [{"id": "00k4n6c32"}, {"id": "00k4n6c32"}, {"name": "Nobody's Fund"}]
    draft = repository.create_draft(sent)
    assert (draft.problems, differences(sent, draft.payload)) == ((), ())
    repository.delete_draft(draft)
    repository.close()
