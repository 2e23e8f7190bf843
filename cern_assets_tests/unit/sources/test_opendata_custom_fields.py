"""Guards what each custom field of the profile `cern` says of records of CERN Open Data."""

from typing import Any

import pytest

from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.custom_fields import SECTION
from cern_assets.metadata.validation import validate
from cern_assets.model.metadata import Metadata
from cern_assets.model.values import Json
from cern_assets.sources.opendata.profiles import CROSSWALKS
from cern_assets_tests.unit.sources.test_opendata_crosswalk import source_record


def deposit(**changes: Json) -> Metadata:
    return transform(source_record("1", (), **changes), CROSSWALKS["cern"])


def field(name: str, **changes: Json) -> Any:
    found = deposit(**changes).payload[SECTION]
    assert isinstance(found, dict)
    return found.get(f"cern:{name}")


@pytest.mark.parametrize(
    ("stated", "low", "high"),
    [
        ("89-94 GeV", 89, 94),
        ("13TeV", 13_000, 13_000),
        ("5.02TeV", 5_020, 5_020),
        ("0.9TeV", 900, 900),
        ("161-174 GeV", 161, 174),
        ("91.2 GeV", 91.2, 91.2),
        ("as high as it gets", None, None),
        ("13TeV and more", None, None),
    ],
)
def test_an_energy_is_a_range_in_gev_where_it_can_be_read(stated: str, low: Json, high: Json) -> None:
    collision: Json = {"energy": stated}
    assert field("collision_energy", collision_information=collision) == stated
    assert field("collision_energy_min_gev", collision_information=collision) == low
    assert field("collision_energy_max_gev", collision_information=collision) == high


@pytest.mark.parametrize(
    ("stated", "term"), [("pp", "pp"), ("e+e-", "ee"), ("Pb-Pb", "pbpb"), ("PbPb", "pbpb"), ("pPb", "ppb")]
)
def test_all_spellings_of_a_collision_are_one_term(stated: str, term: str) -> None:
    assert field("collision_type", collision_information={"type": stated}) == {"id": term}


def test_a_collision_that_the_vocabulary_lacks_is_a_note_and_stays_a_subject() -> None:
    found = deposit(collision_information={"type": "muon-muon"})
    assert "cern:collision_type" not in found.payload[SECTION]  # type: ignore[operator]
    (finding,) = [each for each in found.findings if each.code == "custom-field-left-out"]
    assert (finding.severity, finding.field) == ("note", "collision_information.type")
    assert {"subject": "muon-muon"} in found.payload["metadata"]["subjects"]  # type: ignore[index, call-overload, operator]
    assert {fate.fate for fate in found.fates if fate.path == "collision_information.type"} == {"carried"}


def test_data_of_delphi_have_nickname_format_category_and_processing() -> None:
    stated: dict[str, Json] = {
        "title": "DELPHI simulation data sh_ccmu_b91_2_f1",
        "methodology": {"description": "Simulated by DELSIM, then by DELANA and PXDST (Version v91f1)."},
        "distribution": {"formats": ["SHORT"], "number_events": 51201, "number_files": 9, "size": 1234160640},
        "categories": {"primary": "2 Fermion"},
    }
    found = deposit(**stated).payload[SECTION]
    assert found == {
        "cern:experiment": ["CMS"],
        "cern:nickname": "sh_ccmu_b91_2_f1",
        "cern:data_format": ["SHORT"],
        "cern:category": "2 Fermion",
        "cern:number_of_events": 51201,
        "cern:number_of_files": 9,
        "cern:size_bytes": 1234160640,
        "cern:processing": ["v91f1"],
    }


def test_data_of_cms_have_steps_releases_tags_and_generators_each_once() -> None:
    steps: Json = [
        {"type": "LHE", "release": "CMSSW_5", "generators": ["powheg", "pythia6"]},
        {"type": "SIM", "release": "CMSSW_5", "global_tag": "START53", "generators": ["pythia6"]},
    ]
    stated: dict[str, Json] = {"methodology": {"steps": steps}, "system_details": {"release": "CMSSW_6"}}
    assert field("processing", **stated) == ["LHE", "SIM"]
    assert field("software_release", **stated) == ["CMSSW_5", "CMSSW_6"]
    assert field("global_tag", **stated) == ["START53"]
    assert field("generator", **stated) == ["powheg", "pythia6"]


def test_runs_that_follow_each_other_are_a_range() -> None:
    assert field("run_numbers", run_numbers=["3", "1", "2", "7", "9" * 5000, "A"]) == ["1 to 3", "7", "9" * 5000, "A"]


@pytest.mark.parametrize("stated", ["many", -1, 1.5, 2**63, "9" * 5000, True, {"a": 1}, [1]])
def test_what_is_no_count_stops_no_record(stated: Json) -> None:
    found = deposit(distribution={"number_events": stated})
    assert "cern:number_of_events" not in found.payload[SECTION]  # type: ignore[operator]
    assert validate(found.payload) == ()


@pytest.mark.parametrize("stated", ["NaN", "inf", "1e999", "much"])
def test_what_is_no_number_stops_no_record(stated: str) -> None:
    found = deposit(cross_section={"total_value": stated})
    assert "cern:cross_section_pb" not in found.payload[SECTION]  # type: ignore[operator]
    assert "custom-field-left-out" in {finding.code for finding in found.findings}
    assert validate(found.payload) == ()


def test_a_text_that_is_too_long_for_a_field_stays_what_it_is_elsewhere() -> None:
    found = deposit(methodology={"steps": [{"release": "x" * 9000}, {"release": "CMSSW_5"}]})
    assert found.payload[SECTION]["cern:software_release"] == ["CMSSW_5"]  # type: ignore[index, call-overload]
    assert "x" * 9000 in str(found.payload["metadata"])


def test_without_custom_fields_a_deposit_is_that_of_the_plain_profile() -> None:
    record = source_record("1", (), accelerator="CERN LHC", distribution={"number_events": 5}, run_period=["A", "B"])
    plain, cern = (transform(record, CROSSWALKS[profile]) for profile in ("plain", "cern"))
    assert {name: value for name, value in cern.payload.items() if name != SECTION} == plain.payload
    assert SECTION not in plain.payload
    assert cern.payload[SECTION]["cern:accelerator"] == "CERN-LHC"  # type: ignore[index, call-overload]
    assert CROSSWALKS["cern"].version != CROSSWALKS["plain"].version
