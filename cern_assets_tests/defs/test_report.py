"""The asset of a report: its page lies in the home, its metadata shows figures and numbers, and nothing of a record."""

from pathlib import Path

import dagster as dg

from cern_assets.definitions import build_definitions
from cern_assets.defs.launch import ingest
from cern_assets.model.identifiers import Recid
from cern_assets.report.small import MOST_LETTERS
from cern_assets.settings import load_settings


def test_the_report_is_written_and_shows_where_records_go(instance: dg.DagsterInstance) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [Recid("900003"), Recid("900011")], batch_size=100))
    job = definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["reports", "opendata"])])
    (made,) = done.asset_materializations_for_node("reports__opendata")
    told = made.metadata
    assert (told["in"].value, told["published"].value, told["rejected"].value) == (2, 1, 1)
    assert told["balanced"].value is True
    path = Path(str(told["page"].value))
    assert path == load_settings().home.resolve() / "reports" / "opendata.html"
    text = path.read_text(encoding="utf-8")
    assert "ChecksumMismatch" in text
    assert "900011" in text
    shown = [value for value in told.values() if isinstance(value, dg.MarkdownMetadataValue)]
    assert len(shown) == 2
    assert all(str(value.value).startswith("![") and len(str(value.value)) <= MOST_LETTERS for value in shown)
    assert isinstance(told["stopped"], dg.TableMetadataValue)
    assert told["stopped"].records[0].data["last_recid"] == "900011"
