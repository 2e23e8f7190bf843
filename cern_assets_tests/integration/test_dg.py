"""Dagster's own command line on this project, as `pyproject.toml` configures it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from cern_assets.defs.instance import open_instance
from cern_assets.defs.partitions import register_recids
from cern_assets.flows.journey import STAGES
from cern_assets.model.identifiers import Recid
from cern_assets.settings import load_settings

PROJECT = Path(__file__).parents[2]


def _dg(*arguments: str, home: Path, project: Path = PROJECT, code: int = 0) -> str:
    # dg warns when the environment that is active is another one.
    variables = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "VIRTUAL_ENV": str(Path(sys.prefix)),
        "PYTHONPATH": str(project),
    }
    command = [str(Path(sys.executable).with_name("dg")), *arguments]
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + (done.stderr if code else "")


def test_dg_loads_the_definitions_and_lists_the_five_assets_and_those_of_operations(home: Path) -> None:
    assert "All definitions loaded successfully" in _dg("check", "defs", home=home)
    listed = json.loads(_dg("list", "defs", "--json", home=home))
    assert {asset["asset_key"] for asset in listed["assets"]} == {
        "audits/opendata",
        "inventories/opendata",
        "ledgers/opendata",
        "operations/parts",
        "reports/opendata",
        "telemetry/events",
        *(f"opendata/{stage.name}" for stage in STAGES),
    }


def test_dg_launches_all_stages_of_a_recid(home: Path) -> None:
    recid = Recid("900003")
    dagster_home = load_settings().dagster_home
    with open_instance(dagster_home) as instance:
        register_recids(instance, "opendata", [recid])
    _dg("launch", "--assets", "key:opendata/*", "--partition", recid, home=dagster_home)
    with open_instance(dagster_home) as instance:
        for stage in STAGES:
            assert instance.get_materialized_partitions(dg.AssetKey(["opendata", stage.name])) == {recid}


def test_a_project_that_only_installs_the_package_scaffolds_checks_and_lists_collections(
    home: Path, tmp_path: Path
) -> None:
    project = tmp_path / "theirs"
    package = project / "theirs"
    (package / "defs").mkdir(parents=True)
    for path in (package / "__init__.py", package / "defs" / "__init__.py"):
        path.write_text("")
    (package / "definitions.py").write_text(
        "from pathlib import Path\n\nimport dagster as dg\n\n"
        "defs = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n"
    )
    (project / "pyproject.toml").write_text(
        '[project]\nname = "theirs"\nversion = "0"\n\n[tool.dg]\ndirectory_type = "project"\n\n'
        '[tool.dg.cli]\nsuppress_warnings = ["project_and_activated_venv_mismatch"]\n\n'
        '[tool.dg.project]\nroot_module = "theirs"\n'
    )
    _dg("scaffold", "defs", "cern_assets.RecordCollection", "higgs", home=home, project=project)
    written = package / "defs" / "higgs" / "defs.yaml"
    scaffolded = written.read_text()
    written.write_text(scaffolded + "  colour: red\n")
    assert "attributes.colour" in _dg("check", "yaml", home=home, project=project, code=1)
    written.write_text(scaffolded)
    _dg("scaffold", "defs", "cern_assets.RecordCollection", "muons", home=home, project=project)
    assert "successful" in _dg("check", "yaml", home=home, project=project)
    listed = json.loads(_dg("list", "defs", "--json", home=home, project=project))
    assert {asset["asset_key"] for asset in listed["assets"]} == {
        *(f"{name}/{stage.name}" for name in ("higgs", "muons") for stage in STAGES),
        *(f"{kind}/{name}" for kind in ("audits", "inventories", "ledgers", "reports") for name in ("higgs", "muons")),
    }
