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


def _dg(*arguments: str, home: Path) -> str:
    # dg warns when the environment that is active is another one.
    variables = {**os.environ, "DAGSTER_HOME": str(home), "VIRTUAL_ENV": str(Path(sys.prefix))}
    command = [str(Path(sys.executable).with_name("dg")), *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_dg_loads_the_definitions_and_lists_the_five_assets(home: Path) -> None:
    assert "All definitions loaded successfully" in _dg("check", "defs", home=home)
    listed = json.loads(_dg("list", "defs", "--json", home=home))
    assert {asset["asset_key"] for asset in listed["assets"]} == {f"opendata/{stage.name}" for stage in STAGES}


def test_dg_launches_all_stages_of_a_recid(home: Path) -> None:
    recid = Recid("900003")
    dagster_home = load_settings().dagster_home
    with open_instance(dagster_home) as instance:
        register_recids(instance, "opendata", [recid])
    _dg("launch", "--assets", "key:opendata/*", "--partition", recid, home=dagster_home)
    with open_instance(dagster_home) as instance:
        for stage in STAGES:
            assert instance.get_materialized_partitions(dg.AssetKey(["opendata", stage.name])) == {recid}
