"""The pairs that are here: records of the same recid as MARC of 2017 and as JSON of today."""

import json
from collections.abc import Iterator
from pathlib import Path

from cern_assets.metadata.crosswalk import transform
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.sources.marc import read_marcxml
from cern_assets.sources.opendata.crosswalk import CROSSWALK
from cern_assets.sources.opendata.parse import parse_record
from cern_assets_tests.ground_truth import marc
from cern_assets_tests.ground_truth.facts import facts_of, said_by
from cern_assets_tests.ground_truth.scores import Pair


def pairs_of(folder: Path) -> Iterator[Pair]:
    """Each pair of a folder, by recid."""
    for path in sorted(folder.glob("*.marc.xml"), key=lambda path: int(path.name.partition(".")[0])):
        old = record_of_2017(path)
        new = parse_record(json.loads(path.with_name(f"{old.recid}.json").read_text(encoding="utf-8")))
        yield Pair(
            old.recid,
            {
                "2017": facts_of(transform(old, marc.CROSSWALK).payload),
                "today": facts_of(transform(new, CROSSWALK).payload),
            },
            {"2017": said_by(old.metadata, 0), "today": said_by(new.metadata, 1)},
        )


def record_of_2017(path: Path) -> SourceRecord:
    """A record of MARC; its files are not compared."""
    fields, _ = read_marcxml(path.read_text(encoding="utf-8"))
    recid = Recid(str(fields["001"]))
    return SourceRecord(
        source="opendata", recid=recid, url=f"https://opendata.cern.ch/record/{recid}", metadata=fields, files=()
    )
