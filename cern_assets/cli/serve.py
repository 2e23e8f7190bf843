"""`cern-assets serve`: the sample portal and the embedded repository by themselves."""

from pathlib import Path
from typing import get_args

import click

from cern_assets.cli import show
from cern_assets.model.collections import Profile
from cern_assets.settings import load_settings
from cern_assets.stand_ins.demo.servers import PORTAL_PORT, REPOSITORY_PORT, portal_app, serve_repository
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.serving import serve_in_thread, until_interrupted, wait_for_interrupt

_LONGEST_SEARCH_LAG_SECONDS = 30.0


@click.group("serve")
def command() -> None:
    """Serve a sample portal or an embedded repository on this machine, until interrupted."""


@command.command("portal")
@click.option(
    "--port", metavar="PORT", type=show.PORT, default=PORTAL_PORT, show_default=True, help="0 for any free port."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of real records (records/, records.jsonl.gz) and their bytes (files/eos/) to serve instead.",
)
@click.option("--json", "json_", is_flag=True, help="Print the address as one JSON object.")
def portal(port: int, data: Path | None, json_: bool) -> None:
    """Serve the sample collection as the CERN Open Data portal would."""
    with until_interrupted(), serve_in_thread(portal_app(data), port=port) as url:
        if json_:
            show.as_json({"url": url})
        else:
            click.echo(f"CERN_ASSETS_OPENDATA_API_URL={url}\nCERN_ASSETS_OPENDATA_FILES_URL={url}")
        wait_for_interrupt()


@command.command("repository")
@click.option(
    "--port", metavar="PORT", type=show.PORT, default=REPOSITORY_PORT, show_default=True, help="0 for any free port."
)
@click.option(
    "--json", "json_", is_flag=True, help="Print the address, and the token unless it is yours, as one JSON object."
)
@click.option(
    "--faults", metavar="SEED", type=int, help="Let one request in five go wrong, as this number chooses; see the docs."
)
@click.option(
    "--profile",
    type=click.Choice(get_args(Profile)),
    default="plain",
    show_default=True,
    help="Which custom fields it keeps: none; journal, imprint, meeting and thesis; or these and `cern:*`.",
)
def repository(port: int, json_: bool, faults: int | None, profile: Profile) -> None:
    """Serve the embedded InvenioRDM-compatible repository; its records live in the home folder.

    Its depositor's token is CERN_ASSETS_REPOSITORY_TOKEN, then not printed; else the folder has one of its own.
    """
    settings = load_settings()
    configured = settings.repository_token.get_secret_value() or None
    chosen = None if faults is None else Faults(faults, search_lag_seconds=_LONGEST_SEARCH_LAG_SECONDS)
    with (
        until_interrupted(),
        serve_repository(settings.repository_dir, token=configured, port=port, faults=chosen, profile=profile) as (
            url,
            token,
        ),
    ):
        shown = None if configured else token
        if json_:
            show.as_json({"url": url, "token": shown})
        else:
            click.echo(f"CERN_ASSETS_REPOSITORY_URL={url}")
            click.echo(f"CERN_ASSETS_REPOSITORY_TOKEN={shown}" if shown else "The token is the one of your settings.")
        wait_for_interrupt()
