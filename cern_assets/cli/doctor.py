"""`cern-assets doctor`: ask every configured part whether it answers."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from cern_assets.addresses import shown
from cern_assets.bundled import bundled
from cern_assets.cli import show
from cern_assets.collections.spec import DEFAULT_TARGET, CollectionSpec
from cern_assets.errors import CernAssetsError
from cern_assets.flows.kept_fields import ask, attempt
from cern_assets.flows.parts import pings
from cern_assets.flows.stages import Context
from cern_assets.metadata.custom_fields import declared
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.partitions import sqlite_runs
from cern_assets.wiring import collections_of, opened_context

_KINDS = {"files": "files of"}


@click.command("doctor")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
@click.option(
    "--with-draft",
    is_flag=True,
    help="Where a profile needs custom fields: also create a draft with all of them, compare it, and delete it.",
)
def command(json_: bool, with_draft: bool) -> None:
    """Check that source, stores, repository, telemetry and Dagster answer, and say how to fix what does not.

    Whether a repository keeps the custom fields of a profile is asked of its vocabularies, without writing. Where a
    collection is unattended or alerts are set up, Dagster's daemons have to live, and what is wrong by their last
    runs, checks and ticks is told too.

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
    specs = collections_of(settings)
    yield _check("dagster instance", lambda: _ping_dagster(settings))
    alerts = bool(settings.alert_webhook.get_secret_value())
    if alerts or any(spec.discovery.unattended for spec in specs):
        yield from _operations(settings, specs)
        told = "are posted to" if alerts else "reach nobody, without a webhook in"
        yield {"part": "alerts", "ok": True, "message": f"they {told} CERN_ASSETS_ALERT_WEBHOOK"}
    asked: set[str] = set()
    for spec in specs:
        with opened_context(settings, spec) as context:
            for part, ping in _pings(context, with_draft=with_draft):
                if part not in asked:
                    asked.add(part)
                    yield _check(part, ping)


def _pings(context: Context, *, with_draft: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """What a collection needs; parts that several share bear the same name."""
    collection = context.collection
    for kind, name, ping in pings(context):
        part = " ".join(filter(None, [_KINDS.get(kind, kind), name if name != DEFAULT_TARGET else ""]))
        yield part, ping
        if kind == "repository" and collection.profile != "plain":
            look, repository = attempt if with_draft else ask, context.adapters.repository
            yield f"custom fields of {part}", partial(look, repository, declared(), collection.profile)


def _ping_dagster(settings: Settings) -> str:
    home = settings.dagster_home
    if _is_ours(home / "dagster.yaml") and (count := sqlite_runs(home)) is not None:
        return f"{count} runs recorded in {home}"
    from cern_assets.defs.instance import open_instance

    with open_instance(settings.dagster_home) as instance:
        return f"{instance.get_runs_count()} runs recorded in {settings.dagster_home}"


def _operations(settings: Settings, specs: Sequence[CollectionSpec]) -> Iterator[dict[str, str | bool]]:
    from cern_assets.defs.instance import in_our_words, open_instance
    from cern_assets.defs.operations import questions

    try:
        with in_our_words(settings.dagster_home), open_instance(settings.dagster_home) as instance:
            for part, question in questions(instance, specs):
                yield _check(part, question)
    except CernAssetsError as error:
        yield {"part": "operations", "ok": False, "message": str(error)}


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
