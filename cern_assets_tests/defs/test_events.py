"""What a record says is data in Dagster's UI, never Markdown: the UI would load the images that Markdown names."""

from collections.abc import Mapping

import dagster as dg
import pytest

from cern_assets.defs.events import failure, materialization, observation
from cern_assets.model.findings import Finding
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import Problem, StageOutcome
from cern_assets.report.small import sparkline, states_bar
from cern_assets_tests.conventions.sources import PACKAGE, modules, named

HOSTILE = "a` ![](/graphql?query=mutation{wipeAssets}) | <img src=/graphql>\n| x"


def _outcome(*, stopped: bool) -> StageOutcome:
    return StageOutcome(
        collection="opendata",
        source="opendata",
        recid=Recid("1"),
        stage="metadata",
        status="rejected" if stopped else "done",
        elapsed_seconds=0.1,
        source_page="https://opendata.cern.ch/record/1",
        facts={"fact": HOSTILE, "facts": {HOSTILE: HOSTILE}},
        findings=(Finding(code="unknown-field", severity="warning", field=HOSTILE, message=HOSTILE, count=3),),
        problem=Problem(code="MetadataInvalid", message=HOSTILE) if stopped else None,
    )


@pytest.mark.parametrize(
    "event",
    [
        materialization(_outcome(stopped=False)),
        observation(_outcome(stopped=True)),
        failure([_outcome(stopped=True)], 1),
    ],
    ids=["materialization", "observation", "failure"],
)
def test_no_event_shows_text_of_a_record_as_markdown(
    event: dg.AssetMaterialization | dg.AssetObservation | dg.Failure,
) -> None:
    kinds = {type(value) for value in event.metadata.values()}
    assert dg.MarkdownMetadataValue not in kinds
    assert "graphql" not in str(event.description), "descriptions are rendered too"


def test_findings_are_a_table_that_keeps_their_text_as_it_is() -> None:
    metadata: Mapping[str, dg.MetadataValue] = materialization(_outcome(stopped=False)).metadata
    table = metadata["finding_list"]
    assert isinstance(table, dg.TableMetadataValue)
    (row,) = table.records
    assert (row.data["field"], row.data["what"], row.data["places"]) == (HOSTILE, HOSTILE, 3)


def test_markdown_for_dagster_is_made_of_numbers_and_colours_of_ours_only() -> None:
    """The report's small figures, which have no place for a text from a record: a state without a colour is none."""
    made = [named(path) for path in modules(PACKAGE) if "MetadataValue.md(" in path.read_text(encoding="utf-8")]
    assert made == ["cern_assets/defs/ledger.py", "cern_assets/defs/report.py"]
    with pytest.raises(KeyError):
        states_bar({HOSTILE: 1})
    assert HOSTILE not in states_bar({"published": 1}) + sparkline([1, 2])
