"""A licence that people decided on for a collection: where the record states none, told, and never instead of one."""

import pytest

from cern_assets.flows.metadata import rules
from cern_assets.model.collections import LicenceDefault
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.sources.opendata.parse import parse_record
from cern_assets_tests.services.world import World

DEFAULT = LicenceDefault(
    id="cc0-1.0",
    reason="The portal's page shows it where the record states none.",
    source="https://opendata.cern.ch/about",
)


def _said(world: World, recid: str) -> tuple[Metadata, dict[str, Finding]]:
    document = world.context.adapters.documents.read("opendata", "metadata", Recid(recid), Metadata)
    assert document is not None
    return document.body, {finding.code: finding for finding in document.body.findings}


def test_without_a_decision_no_licence_is_invented_and_that_is_told(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    deposit, findings = _said(world, recid)
    assert "rights" not in str(deposit.payload)
    assert "licence-unstated" in findings
    assert deposit.licence_default is None


def test_a_decision_stands_in_record_document_findings_and_facts(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    outcomes = world.run(Recid(recid), licence_default=DEFAULT)
    assert outcomes["metadata"].facts["licence_default"] == str(DEFAULT)
    deposit, findings = _said(world, recid)
    assert deposit.licence_default == DEFAULT
    assert "licence-unstated" not in findings
    assert findings["licence-by-default"].severity == "note"
    assert DEFAULT.reason in findings["licence-by-default"].message
    assert DEFAULT.source in findings["licence-by-default"].message
    (record,) = world.held(Recid(recid))
    metadata = record.payload["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["rights"] == [{"id": "cc0-1.0"}]


def test_a_decision_that_is_made_later_or_taken_back_is_an_edit(world: World, recid: str) -> None:
    world.source.put(recid, files={"a.root": b"x"})
    world.run(Recid(recid))
    assert world.statuses(Recid(recid), licence_default=DEFAULT)["published_record"] == "done"
    assert world.statuses(Recid(recid), licence_default=DEFAULT)["metadata"] == "unchanged"
    assert world.statuses(Recid(recid))["published_record"] == "done"
    (record,) = world.held(Recid(recid))
    assert "rights" not in str(record.payload["metadata"])


@pytest.mark.parametrize("stated", ["MIT", "A licence of our own"])
def test_a_licence_that_is_stated_stays(world: World, recid: str, stated: str) -> None:
    record = {
        "recid": recid,
        "title": "A dataset",
        "type": {"primary": "Dataset", "secondary": ["Derived"]},
        "experiment": ["DELPHI"],
        "date_published": "2024",
        "publisher": "CERN Open Data Portal",
        "license": {"attribution": stated},
    }
    world.source.put_record(parse_record(record))
    world.run(Recid(recid), licence_default=DEFAULT)
    deposit, findings = _said(world, recid)
    assert "cc0" not in str(deposit.payload)
    assert deposit.licence_default is None
    assert "licence-by-default" not in findings


def test_the_decision_is_part_of_what_decides_whether_a_stage_is_done_again(world: World) -> None:
    other = DEFAULT.model_copy(update={"reason": "Another one."})
    hashes = {rules(world.changed(licence_default=each)) for each in (None, DEFAULT, other)}
    assert len(hashes) == 3
