"""The asset `telemetry/events`: what processes told, as Parquet by day; a schedule keeps it up to date.

No reader needs it, as all see loose lines and Parquet together: it keeps them fast, and the spool's folder small.
"""

from datetime import timedelta

import dagster as dg

from cern_assets.settings import load_settings
from cern_assets.telemetry.compaction import compact

KEY = dg.AssetKey(["telemetry", "events"])
_GROUP = "all_telemetry"
_HOURLY = "20 * * * *"
_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=6), warn_window=timedelta(hours=3))


@dg.asset(
    key=KEY,
    group_name=_GROUP,
    kinds={"parquet", "duckdb"},
    freshness_policy=_FRESH,
    description="The events of all runs, as Parquet by day. Files that are still written to stay as they are.",
)
def compacted_events(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Compacts what is closed; where another process is at it, that one does it."""
    done = compact(load_settings().telemetry_dir)
    if done is None:
        context.log.info("Another process compacts this spool: nothing was left to do here.")
        return dg.MaterializeResult(metadata={"compacted_by": dg.MetadataValue.text("another process")})
    return dg.MaterializeResult(
        metadata={
            "spool_files": dg.MetadataValue.int(done.files),
            "spool_bytes": dg.MetadataValue.int(done.spool_bytes),
            "parts": dg.MetadataValue.int(done.parts),
            "parquet_bytes": dg.MetadataValue.int(done.parquet_bytes),
        }
    )


compaction_job = dg.define_asset_job("compact_telemetry", selection=dg.AssetSelection.assets(KEY))

hourly_compaction = dg.ScheduleDefinition(
    job=compaction_job, cron_schedule=_HOURLY, default_status=dg.DefaultScheduleStatus.RUNNING
)
