"""`cern-assets doctor`: ask every configured part whether it answers."""

import sys
from collections.abc import Callable, Iterator
from functools import partial

import click

from cern_assets.cli import show
from cern_assets.errors import CernAssetsError
from cern_assets.flows.probe import try_writing
from cern_assets.settings import Settings, load_settings
from cern_assets.wiring import SOURCES, opened_context


@click.command("doctor")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(json_: bool) -> None:
    """Check that source, stores, repository, telemetry and Dagster answer, and say how to fix what does not.

    Exit code 1 if a part does not answer.
    """
    checks = list(_checks(load_settings()))
    if json_:
        show.as_json({"healthy": all(check["ok"] for check in checks), "parts": checks})
    else:
        marks = {True: ("ok", "green"), False: ("fails", "bold red")}
        show.table(
            ["part", "", "what it says"],
            [[str(check["part"]), marks[bool(check["ok"])], str(check["message"])] for check in checks],
        )
    sys.exit(0 if all(check["ok"] for check in checks) else 1)


def _checks(settings: Settings) -> Iterator[dict[str, str | bool]]:
    yield _check("dagster instance", lambda: _ping_dagster(settings))
    for source in SOURCES:
        with opened_context(settings, source) as context:
            ports = context.adapters
            yield _check(f"source {source}", ports.source.ping)
            yield _check(f"files of {source}", ports.files.ping)
            yield _check("store", partial(try_writing, ports.store))
            yield _check("repository", ports.repository.ping)
            yield _check("telemetry", ports.telemetry.ping)


def _ping_dagster(settings: Settings) -> str:
    from cern_assets.defs.instance import open_instance

    with open_instance(settings.dagster_home) as instance:
        return f"{instance.get_runs_count()} runs recorded in {settings.dagster_home}"


def _check(part: str, ping: Callable[[], str]) -> dict[str, str | bool]:
    try:
        return {"part": part, "ok": True, "message": ping()}
    except CernAssetsError as error:
        return {"part": part, "ok": False, "message": str(error)}
