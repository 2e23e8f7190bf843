"""A collection's profile on the way: custom fields go to a target that keeps them, and one that does not is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cern_assets.errors import ConfigurationError, CredentialsRefusedError
from cern_assets.flows.kept_fields import ask, attempt
from cern_assets.metadata.custom_fields import SECTION, declared
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.profiles import CROSSWALKS
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.world import World, running_world

CERN = CROSSWALKS["cern"]


@pytest.fixture
def plain_world(tmp_path: Path) -> Iterator[World]:
    """A world in front of a repository that keeps no custom fields."""
    with running_embedded(tmp_path / "repository") as repository, running_world(tmp_path, repository) as world:
        yield world


def _fields(world: World, recid: str) -> Json:
    (record,) = world.held(Recid(recid))
    return record.payload[SECTION]


def test_custom_fields_are_published_and_read_back(world: World, recid: str) -> None:
    world.source.put(recid, title="DELPHI simulation data sh_x", files={"a.root": b"x"})
    assert world.statuses(Recid(recid), crosswalk=CERN)["published_record"] == "done"
    expected = {"cern:experiment": ["DELPHI"], "cern:nickname": "sh_x"}
    assert _fields(world, recid) == expected
    assert world.statuses(Recid(recid), crosswalk=CERN)["published_record"] == "unchanged"


def test_another_profile_is_an_edit_of_the_same_version_and_there_is_a_way_back(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    assert _fields(world, recid) == {}
    again = world.run(Recid(recid), crosswalk=CERN)
    assert {stage: outcome.status for stage, outcome in again.items() if outcome.status == "done"} == {
        "metadata": "done",
        "published_record": "done",
    }
    assert _fields(world, recid) == {"cern:experiment": ["DELPHI"]}
    (record,) = world.held(Recid(recid))
    assert record.version_index == 1
    assert world.statuses(Recid(recid))["published_record"] == "done"
    assert _fields(world, recid) == {}


def test_a_target_that_drops_the_fields_gets_nothing_published_and_the_remedy_is_named(plain_world: World) -> None:
    plain_world.source.put("1", files={"a.root": b"x"})
    refused = plain_world.run(Recid("1"), crosswalk=CERN)["published_record"]
    assert refused.status == "rejected"
    assert refused.problem
    assert "custom_fields.cern:experiment: Unknown field." in refused.problem.message
    assert "profile: plain" in refused.problem.message
    (draft,) = plain_world.held(Recid("1"))
    assert draft.state == "draft"
    assert plain_world.statuses(Recid("1"))["published_record"] == "done"


def test_the_fields_can_be_asked_for_and_tried_and_a_try_leaves_nothing(world: World) -> None:
    repository = world.context.adapters.repository
    before = repository.ping()
    assert "has the vocabularies" in ask(repository, declared(), "cern")
    assert f"keeps all {len(declared().examples('cern'))} fields" in attempt(repository, declared(), "cern")
    assert "only a draft shows" in ask(repository, declared(), "bibliographic")
    assert "keeps all 4 fields" in attempt(repository, declared(), "bibliographic")
    assert repository.ping() == before


def test_a_target_without_them_is_found_by_either_and_a_try_leaves_nothing(plain_world: World) -> None:
    repository = plain_world.context.adapters.repository
    before = repository.ping()
    for look in (ask, attempt):
        with pytest.raises(ConfigurationError, match="does not keep"):
            look(repository, declared(), "cern")
    with pytest.raises(ConfigurationError, match="does not keep 4 of the 4 fields"):
        attempt(repository, declared(), "bibliographic")
    assert repository.ping() == before


def test_a_refused_token_is_told_as_such(plain_world: World) -> None:
    url = plain_world.context.adapters.repository.url
    stranger = NrpRepository(url, "nobody", attempts=1, timeout_seconds=10)
    with pytest.raises(CredentialsRefusedError):
        attempt(stranger, declared(), "cern")
    stranger.close()
