"""`cern-assets doctor`: ask every configured part whether it answers."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from cern_assets.addresses import shown
from cern_assets.bundled import bundled
from cern_assets.cli import show
from cern_assets.collections.spec import DEFAULT_TARGET
from cern_assets.errors import CernAssetsError
from cern_assets.flows.kept_fields import ask, attempt
from cern_assets.flows.probe import try_writing
from cern_assets.flows.stages import Context
from cern_assets.metadata.custom_fields import declared
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.partitions import sqlite_runs
from cern_assets.wiring import collections_of, opened_context


@click.command("doctor")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.option(
    "--with-draft",
    is_flag=True,
    help="Where a profile needs custom fields: also create a draft with all of them, compare it, and delete it.",
)
def command(json_: bool, with_draft: bool) -> None:
    """Check that source, stores, repository, telemetry and Dagster answer, and say how to fix what does not.

    Whether a repository keeps the custom fields of a profile is asked of its vocabularies, without writing.

    Exit code 1 if a part does not answer.
    """
    checks = list(_checks(load_settings(), with_draft=with_draft))
    if json_:
        show.as_json({"healthy": all(check["ok"] for check in checks), "parts": checks})
    else:
        marks = {True: ("ok", "green"), False: ("fails", "bold red")}
        show.table(
            ["part", "", "what it says"],
            [[str(check["part"]), marks[bool(check["ok"])], str(check["message"])] for check in checks],
        )
    sys.exit(0 if all(check["ok"] for check in checks) else 1)


def _checks(settings: Settings, *, with_draft: bool) -> Iterator[dict[str, str | bool]]:
    yield _check("dagster instance", lambda: _ping_dagster(settings))
    asked: set[str] = set()
    for spec in collections_of(settings):
        with opened_context(settings, spec) as context:
            for part, ping in _pings(context, with_draft=with_draft):
                if part not in asked:
                    asked.add(part)
                    yield _check(part, ping)


def _pings(context: Context, *, with_draft: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """What a collection needs; parts that several share bear the same name."""
    ports, collection = context.adapters, context.collection
    yield f"source {collection.source}", ports.source.ping
    yield f"files of {collection.source}", ports.files.ping
    yield "store", partial(try_writing, ports.store)
    name = "repository" if collection.target == DEFAULT_TARGET else f"repository {collection.target}"
    yield name, ports.repository.ping
    if collection.profile == "cern":
        yield f"custom fields of {name}", partial(attempt if with_draft else ask, ports.repository, declared())
    yield "telemetry", ports.telemetry.ping


def _ping_dagster(settings: Settings) -> str:
    home = settings.dagster_home
    if _is_ours(home / "dagster.yaml") and (count := sqlite_runs(home)) is not None:
        return f"{count} runs recorded in {home}"
    from cern_assets.defs.instance import open_instance

    with open_instance(settings.dagster_home) as instance:
        return f"{instance.get_runs_count()} runs recorded in {settings.dagster_home}"


def _is_ours(config: Path) -> bool:
    """Whether an instance has the configuration that comes with the package, about which Dagster need not be asked."""
    try:
        return config.read_bytes() == bundled("dagster.yaml").read_bytes()
    except OSError:
        return False


def _check(part: str, ping: Callable[[], str]) -> dict[str, str | bool]:
    try:
        return {"part": part, "ok": True, "message": shown(ping())}
    except CernAssetsError as error:
        return {"part": part, "ok": False, "message": str(error)}
