"""Guards the crosswalk on real records: all of them convert and are valid, and some of them field by field."""

import gzip
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cern_assets.metadata.crosswalk import applied, transform
from cern_assets.metadata.leaves import leaves
from cern_assets.metadata.markup import visible_text
from cern_assets.metadata.payload import Payload
from cern_assets.metadata.validation import findings_of, validate
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.opendata.profiles import CROSSWALKS

PORTAL = "https://opendata.cern.ch/record"
COVERAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage-opendata.json"


def problems(record: SourceRecord, deposit: Metadata) -> list[str]:
    found = [f"{violation.field}: {violation.message}" for violation in validate(deposit.payload)]
    found += [f"{finding.field}: {finding.message}" for finding in deposit.findings if finding.severity == "error"]
    if sum(fate.leaves for fate in deposit.fates) != sum(1 for _ in leaves(record.metadata)):
        found.append("the fates do not add up to the leaves")
    return [f"{record.recid} {problem}" for problem in found]


def test_all_real_records_convert_to_valid_deposits_with_a_fate_for_every_leaf(opendata_folder: Path) -> None:
    wrong: list[str] = []
    codes: Counter[str] = Counter()
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(opendata_folder / "records.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = parse_record(json.loads(line))
            deposit = transform(record, CROSSWALK)
            wrong += problems(record, deposit)
            codes.update(
                finding.code for finding in (*record.findings, *deposit.findings, *findings_of(deposit.payload))
            )
            for fate in deposit.fates:
                counted[fate.path][fate.fate] += fate.leaves
    assert wrong == []
    told = json.loads(COVERAGE.read_text(encoding="utf-8"))["fields"]
    shown = {path: {name: field[name] for name in field if name != "records"} for path, field in told.items()}
    assert shown == counted, "what becomes of fields has changed: make coverage reference"
    # A known corpus: each leaf has a fate, each type a row in the table, no text is lost, no link leads nowhere.
    nothing = (
        "unmapped",
        "unexpected-shape",
        "datacite-incomplete",
        "term-unknown",
        "resource-type-unknown",
        "markup-loss",
        "title-too-short",
        "link-unusable",
        "date-unusable",
    )
    assert {code: codes[code] for code in nothing} == dict.fromkeys(nothing, 0)


def test_the_profile_cern_says_all_that_plain_says_and_custom_fields_besides(opendata_folder: Path) -> None:
    with gzip.open(opendata_folder / "records.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [parse_record(json.loads(line)) for line in lines]
    fields: Counter[str] = Counter()
    for record in records:
        plain, cern = (transform(record, CROSSWALKS[profile]) for profile in ("plain", "cern"))
        custom = cern.payload["custom_fields"]
        assert isinstance(custom, dict)
        assert {**plain.payload, "custom_fields": custom} == cern.payload
        assert problems(record, cern) == []
        assert _fates(cern) == _fates(plain)
        assert cern.findings == plain.findings
        fields.update(custom.keys())
    assert len(fields) == 31
    assert fields["cern:nickname"] == 356


def test_a_leaf_that_is_carried_stands_there_word_by_word(opendata_folder: Path) -> None:
    """What only follows from it is derived. Of the many records, each seventh; the crosswalk's rows are few."""
    with gzip.open(opendata_folder / "records.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [parse_record(json.loads(line)) for line in islice(lines, 0, None, 7)]
    paths = sorted((opendata_folder / "records").glob("*.json"))
    records += [parse_record(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    assert [found for record in records for found in _not_word_by_word(record)] == []


def _not_word_by_word(record: SourceRecord) -> Iterator[str]:
    crosswalk = CROSSWALKS["cern"]
    payload = Payload()
    for step in applied(record, crosswalk, payload):
        result = step.result
        if not step.says or step.row.derives:
            continue
        payload.write(step.row.target, result.value, keep_equal=step.row.keep_equal)
        left = (*result.apart, *result.computed, *(leaf for leaf, _ in result.aside))
        numbers = {leaf.number for leaf in (*left, *(each.leaf for each in result.unused))}
        value = " ".join(str(leaf.value) for leaf in leaves({"value": result.value}))
        value = re.sub(r"\[image: [^\]]*\]", "", value)  # the label of what was an image
        said = _letters(value) + _letters(" ".join(re.findall(r'href="([^"]*)', value)))
        for leaf in step.found:
            ways = ([leaf.text], [visible_text(str(leaf.value))], leaf.text.split(";"))  # affiliations are each once
            if leaf.number not in numbers and not any(all(_letters(each) in said for each in way) for way in ways):
                yield f"{record.recid} {leaf.path} in {step.row.target}: {leaf.text[:80]}"


def _letters(text: str) -> str:
    """Letters and digits: HTML and JSON write blanks, quotes and entities in several ways."""
    return re.sub(r"\W+", "", html.unescape(re.sub(r"</?[a-z][^>]*>", "", html.unescape(text))))


def _fates(deposit: Metadata) -> Counter[tuple[str, str]]:
    """How many leaves of which path have which fate."""
    counts: Counter[tuple[str, str]] = Counter()
    for fate in deposit.fates:
        counts[fate.path, fate.fate] += fate.leaves
    return counts


def test_every_leaf_that_the_portals_schema_allows_has_a_row(opendata_folder: Path) -> None:
    schema = json.loads((opendata_folder / "schema" / "record-v1.0.0.json").read_text(encoding="utf-8"))
    known = {pattern for row in CROSSWALK.rows for pattern in row.reads}
    made_by_the_portal = ("$schema", "_", "availability", "files", "pids", "rucio_dataset")
    patterns = {path for path in _leaf_paths(schema, "") if not path.startswith(made_by_the_portal)}
    # Links of a note have no shape in the schema; those of real records are links as everywhere.
    assert patterns - known <= {"note.links[]"}
    assert len(patterns) > 90


def test_no_row_reads_a_field_that_neither_the_portals_schema_nor_a_record_has(opendata_folder: Path) -> None:
    schema = json.loads((opendata_folder / "schema" / "record-v1.0.0.json").read_text(encoding="utf-8"))
    known = {*_leaf_paths(schema, ""), *json.loads(COVERAGE.read_text(encoding="utf-8"))["fields"]}
    read = {pattern for row in CROSSWALKS["cern"].rows for pattern in row.reads}
    # Known to neither: the older spelling of a title, and the labels of a note's links.
    assert {pattern for pattern in read - known if not pattern.startswith("note.links[]")} <= {"alternative-title"}


def _leaf_paths(node: dict[str, Any], path: str) -> Iterator[str]:
    if "properties" in node:
        for name, inner in node["properties"].items():
            yield from _leaf_paths(inner, f"{path}.{name}".lstrip("."))
    elif node.get("type") == "array" or "items" in node:
        inner = node.get("items", {})
        yield from _leaf_paths(inner if isinstance(inner, dict) else {}, f"{path}[]")
    else:
        yield path


def test_the_chosen_records_convert_to_valid_deposits_too(opendata_folder: Path) -> None:
    paths = sorted((opendata_folder / "records").glob("*.json"))
    records = [parse_record(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    assert [problem for record in records for problem in problems(record, transform(record, CROSSWALK))] == []


class Converted:
    """One chosen real record, as source and as deposit."""

    def __init__(self, folder: Path, recid: str) -> None:
        text = (folder / "records" / f"{recid}.json").read_text(encoding="utf-8")
        self.deposit = transform(parse_record(json.loads(text)), CROSSWALK)
        self.codes = {finding.code for finding in self.deposit.findings}

    def field(self, path: str) -> Json:
        value: Json = dict(self.deposit.payload)
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def items(self, path: str) -> list[Json]:
        found = self.field(path)
        assert isinstance(found, list)
        return found


def test_133_is_a_configuration_file_with_its_author_list(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "133")
    assert found.field("metadata.resource_type") == {"id": "software"}
    assert found.field("metadata.title") == (
        "Configuration file for HLT step /cdaq/physics/firstCollisions10/v5.1/HLT_7TeV_HR/V1"
    )
    assert found.items("metadata.related_identifiers") == [
        {"scheme": "url", "identifier": f"{PORTAL}/450", "relation_type": {"id": "references"}}
    ]
    assert found.field("metadata.rights") is None
    assert found.field("pids") is None


def test_270_is_a_collision_dataset_with_licence_and_doi(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "270")
    assert found.field("metadata.resource_type") == {"id": "dataset"}
    assert found.field("metadata.title") == "/BTag/Run2011B-12Oct2013-v1/AOD"
    assert found.field("metadata.rights") == [{"id": "cc0-1.0"}]
    assert str(found.field("pids.doi.identifier")).startswith("10.7483/OPENDATA.CMS.")
    assert "Run period from run number" in str(found.field("metadata.description"))


def test_3807_keeps_the_arrow_of_its_title(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "3807")
    assert found.field("metadata.title") == "Z' → tt with MZ' = 400 GeV"
    assert found.items("metadata.additional_titles") == [
        {
            "title": "MC:Z' → tt with MZ' = 400 GeV, for 2016 ATLAS open data release",
            "type": {"id": "alternative-title"},
        }
    ]
    assert found.field("pids.doi") == {"identifier": "10.7483/OPENDATA.ATLAS.BWSX.MM6E", "provider": "external"}
    assert found.items("metadata.related_identifiers") == [
        {"scheme": "url", "identifier": f"{PORTAL}/3860", "relation_type": {"id": "ispartof"}},
        {"scheme": "url", "identifier": f"{PORTAL}/3850", "relation_type": {"id": "requires"}},
    ]


def test_12220_keeps_its_table_with_the_cuts_in_it(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "12220")
    description = str(found.field("metadata.description"))
    assert "<td>QCD, flat pT hat spectrum, 300 &lt; pT hat &lt; 600 GeV</td>" in description
    assert "<th>Number of events</th>" in description
    first = found.items("metadata.creators")[0]
    assert first == {
        "person_or_org": {
            "type": "personal",
            "family_name": "Usai",
            "given_name": "Emanuele",
            "identifiers": [{"scheme": "orcid", "identifier": "0000-0001-9323-2107"}],
        }
    }


def test_80050_has_all_1048_authors_and_the_collaboration(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "80050")
    creators = found.items("metadata.creators")
    people = [item for item in creators if isinstance(item, dict) and "affiliations" in item]
    assert len(creators) == 1049
    assert len(people) == 1048
    assert creators[-1] == {"person_or_org": {"type": "organizational", "name": "DELPHI Collaboration"}}


def test_81003_is_raw_data_of_delphi(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "81003")
    assert found.field("metadata.title") == "DELPHI collision data rawd91"
    assert found.field("metadata.creators") == [
        {"person_or_org": {"type": "organizational", "name": "DELPHI Collaboration"}}
    ]
    assert found.field("metadata.subjects") == [{"subject": "DELPHI"}, {"subject": "CERN-LEP"}, {"subject": "e+e-"}]
    assert found.field("files.enabled") is True


def test_84000_of_totem_is_a_dataset(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "84000")
    assert found.field("metadata.resource_type") == {"id": "dataset"}
    assert found.field("metadata.identifiers") == [
        {"scheme": "other", "identifier": "oai:cernopendata.cern:84000"},
        {"scheme": "url", "identifier": f"{PORTAL}/84000"},
    ]


def test_93945_keeps_its_mistyped_doi_and_latex_and_tells_of_the_doi(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "93945")
    assert found.field("pids.doi.identifier") == "10.7483/OOPENDATA.LHCB.EBYF.C7OY"
    assert "doi-unusual" in found.codes
    assert "$B^{\\pm} \\to J/\\psi" in str(found.field("metadata.description"))


@pytest.mark.parametrize("recid", ["81507", "81494"])
def test_an_umbrella_record_without_files_names_its_parts(opendata_folder: Path, recid: str) -> None:
    found = Converted(opendata_folder, recid)
    assert found.field("files.enabled") is False
    relations = {item["relation_type"]["id"] for item in found.items("metadata.related_identifiers")}  # type: ignore[index, call-overload]
    assert relations == {"haspart", "isdocumentedby"}


def _described(found: Converted, title: str) -> str:
    """The additional description of a heading."""
    texts = [str(item["description"]) for item in found.items("metadata.additional_descriptions")]  # type: ignore[index, call-overload]
    (text,) = [text for text in texts if text.startswith(f"<h3>{title}</h3>")]
    return text


def test_a_simulated_dataset_of_cms_says_how_it_was_made_step_by_step(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "733")
    methods = _described(found, "Methodology")
    assert "<ol><li><b>" in methods
    assert 'href="https://opendata.cern.ch/docs/cms-mc-production-overview"' in methods
    assert "configuration database id" in methods
    assert "Global tag: <code>" in methods
    assert "<h3>System details</h3>" in _described(found, "System details")


def test_data_of_delphi_say_how_they_are_used_with_links_below_and_what_collided(opendata_folder: Path) -> None:
    found = Converted(opendata_folder, "81003")
    usage = _described(found, "Usage")
    assert 'href="https://opendata.cern.ch/docs/delphi-guide-eventserver">The DELPHI Event Server</a>' in usage
    facts = _described(found, "Facts")
    assert "<th>Collision type</th><td>e+e-</td>" in facts
    assert found.field("metadata.sizes")
    assert found.field("metadata.formats") == ["RAWD"]
