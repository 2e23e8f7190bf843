"""Guards the declared set of custom fields: what follows from it, who fills it, and what deposits may say in it."""

from pathlib import Path

import pytest

from cern_assets.metadata.custom_field_files import main, written
from cern_assets.metadata.custom_fields import SECTION, declared
from cern_assets.metadata.rows import Row
from cern_assets.metadata.shapes import Shape
from cern_assets.metadata.validation import validate
from cern_assets.model.values import Json
from cern_assets.sources.opendata.profiles import CROSSWALKS

ROOT = Path(__file__).parents[3]
FILES = written(declared(), CROSSWALKS["cern"])
PLAIN: dict[str, Json] = {
    "access": {"record": "public", "files": "public"},
    "files": {"enabled": False},
    "metadata": {
        "title": "A title",
        "resource_type": {"id": "dataset"},
        "publication_date": "2024",
        "creators": [{"person_or_org": {"type": "organizational", "name": "CERN"}}],
    },
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_file_that_follows_from_the_set_is_the_one_that_it_gives(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name], "The set has changed: make reference"


def test_the_command_writes_all_of_them(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    main(tmp_path)
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in FILES} == FILES


def test_every_field_is_written_by_one_row_and_every_row_writes_a_field() -> None:
    targets = [row.target for row in CROSSWALKS["cern"].rows if isinstance(row, Row)]
    ours = [target.removeprefix(f"{SECTION}.") for target in targets if target.startswith(f"{SECTION}.")]
    assert sorted(ours) == sorted(field.key for field in declared().fields)


def test_the_vocabularies_are_what_inveniordm_can_hold() -> None:
    for name, vocabulary in declared().vocabularies.items():
        assert name.isalpha()
        assert len(vocabulary.pid_type) <= 6
        spellings = [spelling.casefold() for term in vocabulary.terms for spelling in term.also]
        assert len(set(spellings)) == len(spellings)
        listed = (ROOT / "deploy/invenio/instance/app_data/vocabularies.yaml").read_text(encoding="utf-8")
        assert f"{name}:\n  pid-type: {vocabulary.pid_type}\n  data-file: vocabularies/{name}.yaml\n" in listed


def test_the_schema_takes_every_example_and_is_named_by_the_version_of_the_set() -> None:
    assert validate({**PLAIN, SECTION: dict(declared().examples("cern"))}) == ()
    shape = Shape("cern_assets.metadata", "cern-custom-fields")
    assert shape.id == f"urn:cern-assets:schema:cern-custom-fields:{declared().version}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cern:collision_type", {"id": "nobody"}),
        ("cern:collision_type", "ee"),
        ("cern:number_of_events", "12"),
        ("cern:number_of_events", 2**63),
        ("cern:number_of_events", 12.5),
        ("cern:cross_section_pb", "1.5"),
        ("cern:experiment", "DELPHI"),
        ("cern:experiment", []),
        ("cern:nickname", " "),
        ("cern:nickname", None),
        ("cern:nickname", "x" * 8001),
        ("journal:journal", {}),
        ("journal:journal", {"issn": "1234"}),
        ("journal:journal", {"year": "1999"}),
        ("imprint:imprint", {"isbn": "978"}),
        ("meeting:meeting", {"url": "somewhere"}),
        ("thesis:thesis", {"date_defended": "18 Sep 2017"}),
    ],
)
def test_a_value_that_the_target_would_drop_or_fail_over_breaks_the_schema(key: str, value: Json) -> None:
    (violation,) = validate({**PLAIN, SECTION: {key: value}})
    assert violation.field.startswith(f"{SECTION}.{key}")


def test_fields_of_other_sets_are_not_looked_at() -> None:
    assert validate({**PLAIN, SECTION: {"dwc:family": ["x"], "cern:experiments": [{"id": "CMS"}]}}) == ()
