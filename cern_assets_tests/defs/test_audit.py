"""The asset of an audit: a check for each group of rules over the raw records, with counts and the worst cases."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from cern_assets.definitions import build_definitions
from cern_assets.defs.launch import ingest
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings
from cern_assets.wiring import source_parts
from cern_assets_tests.services.command_line import Answer


def test_an_audit_checks_each_group_of_rules_and_writes_its_page(instance: dg.DagsterInstance) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [Recid("900003"), Recid("900011")], batch_size=100))
    job = definitions.resolve_implicit_global_asset_job_def()
    key = dg.AssetKey(["audits", "opendata"])
    done = job.execute_in_process(instance=instance, asset_selection=[key])
    (made,) = done.asset_materializations_for_node("audits__opendata")
    assert made.metadata["records"].value == 2
    path = Path(str(made.metadata["page"].value))
    assert path == load_settings().home.resolve() / "reports" / "opendata-audit.html"
    assert "Audit of CERN Open Data" in path.read_text(encoding="utf-8")
    checks = {each.check_name: each for each in done.get_asset_check_evaluations()}
    assert set(checks) == {rule.group for rule in source_parts("opendata").rulebook().all}
    counts = {
        name: value.value
        for each in checks.values()
        for name, value in each.metadata.items()
        if isinstance(value, dg.IntMetadataValue)
    }
    assert set(counts) == {rule.id for rule in source_parts("opendata").rulebook().all}
    for each in checks.values():
        worst = each.metadata["worst"]
        assert isinstance(worst, dg.TableMetadataValue)
        found = {row.data["rule"] for row in worst.records}
        severe = {rule.id for rule in source_parts("opendata").rulebook().all if rule.severity != "note"}
        assert each.passed == (not found & severe)
        assert each.severity == dg.AssetCheckSeverity.WARN


def test_an_audit_of_a_collection_by_command_finds_what_its_asset_finds(
    instance: dg.DagsterInstance, run: Callable[..., Answer]
) -> None:
    definitions = build_definitions()
    list(ingest(definitions, instance, "opendata", [Recid("900003"), Recid("900011")], batch_size=100))
    answer = run("audit", "--collection", "opendata", "--json")
    assert {line["recid"] for line in answer.json_lines} <= {"900003", "900011"}
    assert run("audit", "--collection", "nothing").code == 2
