"""Guards that no row of a crosswalk stands there for nothing: taking any one away changes a deposit or a leaf's fate.

Each source is tried with its real records and with records made here that have what those lack.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from cern_assets.metadata.crosswalk import Crosswalk, transform
from cern_assets.metadata.leaves import leaves
from cern_assets.metadata.rows import Drop
from cern_assets.model.collections import Profile
from cern_assets.model.records import SourceRecord
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import SOURCES, source_parts
from cern_assets_tests.services.needs import SHARED_DATA, unavailable

FOLDERS = {
    "opendata": ("opendata/records.jsonl.gz",),
    "cds": ("cds-legacy-dump/records/*.json", "cds-marcxml/records/*.xml"),
    "zenodo": ("zenodo-legacy-deposit/records/*.json", "zenodo-legacy-internal/records/*zenodo_record_data.json"),
}
MARC = """001__ 7
245__ $$aA report$$bon something
520__ $$aOne.
520__ $$aTwo.
260__ $$c2001
540__ $$aCC-BY-4.0
999C5 $$o1$$hDoe
340__ $$apaper
500__ $$aA note.
901__ $$uCERN
0247_ $$2DOI$$a10.17181/x
0247_ $$2HDL$$a20.500.12345/6
773__ $$tA book$$z9780081020623
852__ $$aShelf
037__ $$9arXiv$$aarXiv:1805.07822
100__ $$aDoe, Jane$$tROR:https://ror.org/01ggx4157
FFT__ $$a/tmp/x
"""
OPENDATA: dict[str, Any] = {
    "recid": "7",
    "title": "DELPHI simulation data sh_ccmu_b91_2_f1",
    "type": {"primary": "Dataset", "secondary": ["Derived"]},
    "date_published": "2001",
    "publisher": "CERN Open Data Portal",
    "distribution": {"availability": "online", "number_entries": 5},
    "stripping": {"line": "StrippingDiMuonJpsi"},
    "cross_section": {"neg_weight_fraction": 0.25, "total_value_uncertainty": 0.5},
    "rucio_dataset": "opendata:DELPHI.short91",
}
ZENODO: dict[str, Any] = {
    "recid": "7",
    "title": "A dataset",
    "version": "1.0",
    "method": "Weighed.",
    "publication_date": "2001",
    "resource_type": {"type": "dataset", "title": "Dataset"},
    "creators": [{"name": "Doe, Jane"}],
    "journal": {"issn": "2414-2948"},
    "relations": {"version": [{"index": 0}]},
    "grants": [{"code": "1", "acronym": "A"}],
}


def _records(source: str) -> list[SourceRecord]:
    parts: SourceParts[Any] = source_parts(source)
    paths = [path for pattern in FOLDERS[source] for path in sorted(SHARED_DATA.glob(pattern))]
    if not paths:
        unavailable(f"real records of {source} are not here (../shared/data)")
    bodies = [read.body for path in paths for read in each_record(path, parts.texts) if read.body is not None]
    made: dict[str, list[Any]] = {
        "opendata": [
            OPENDATA,
            {**OPENDATA, "experiment": ["CMS"], "nowhere": "but here"},
            {**OPENDATA, "authors": [{"name": "Meier, A.", "ccid": "1"}]},
        ],
        "cds": [{"marc": MARC}],
        "zenodo": [ZENODO],
    }
    return [parts.parse(dict(body)) for body in (*made[source], *bodies)]


def _covering(records: list[SourceRecord]) -> list[SourceRecord]:
    """Those records of which each has a field that none before it says anything in."""
    seen: set[str] = set()
    found = []
    for record in records:
        new = {leaf.pattern for leaf in leaves(record.metadata) if leaf.text} - seen
        if new:
            seen |= new
            found.append(record)
    return found


def _said(record: SourceRecord, crosswalk: Crosswalk) -> str:
    """Deposit and fates of a record, as text."""
    made = transform(record, crosswalk)
    return json.dumps([made.payload, [fate.model_dump() for fate in made.fates]])


@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.parametrize("profile", get_args(Profile))
def test_no_row_can_be_taken_away_unnoticed(source: str, profile: Profile) -> None:
    crosswalk: Crosswalk = source_parts(source).crosswalks[profile]
    records = _covering(_records(source))
    whole = [_said(record, crosswalk) for record in records]
    unnoticed = []
    for at, row in enumerate(crosswalk.rows):
        without = replace(crosswalk, rows=crosswalk.rows[:at] + crosswalk.rows[at + 1 :])
        if all(_said(record, without) == said for record, said in zip(records, whole, strict=True)):
            unnoticed.append(f"{at + 1}: {row.reason if isinstance(row, Drop) else row.note}")
    assert unnoticed == []


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"opendata"}))
def test_the_counts_of_the_page_are_those_of_the_real_records(source: str) -> None:
    """Of CERN Open Data, the corpus test counts."""
    parts: SourceParts[Any] = source_parts(source)
    counted: dict[str, dict[str, int]] = {}
    for pattern in FOLDERS[source]:
        for path in sorted(SHARED_DATA.glob(pattern)):
            for read in each_record(path, parts.texts):
                assert read.body is not None
                for fate in transform(parts.parse(read.body), parts.crosswalks["plain"]).fates:
                    of_field = counted.setdefault(fate.path, {})
                    of_field[fate.fate] = of_field.get(fate.fate, 0) + fate.leaves
    page = Path(__file__).parents[3] / "docs" / "reference" / f"coverage-{source}.json"
    told = json.loads(page.read_text(encoding="utf-8"))["fields"]
    shown = {path: {name: field[name] for name in field if name != "records"} for path, field in told.items()}
    assert shown == counted, "what becomes of fields has changed: make coverage reference"
