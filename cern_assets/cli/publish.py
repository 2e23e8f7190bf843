"""`cern-assets publish`: one deposit with its files, as JSON and a folder, into a repository."""

import json
import sys
from pathlib import Path

import click

from cern_assets.cli import show
from cern_assets.errors import ConfigurationError, MetadataInvalidError
from cern_assets.flows.deposits import Deposit, publish_deposit, read_deposit
from cern_assets.flows.given_files import files_given
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import Receipt, Spent
from cern_assets.model.values import Json
from cern_assets.settings import load_settings
from cern_assets.wiring import opened_for_deposits


@click.command("publish")
@click.option(
    "--files",
    "files",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of the files to send, or a JSON manifest: a list of {key, path, size, checksum}.",
)
@click.option("--repository", help="Address of the repository; default: CERN_ASSETS_REPOSITORY_URL.")
@click.option("--json", "json_", is_flag=True, help="The receipt as one JSON object.")
@click.argument("deposit", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def command(deposit: Path, files: Path | None, repository: str | None, json_: bool) -> None:
    """Publish the record of DEPOSIT, an InvenioRDM record as JSON or a line of `transform --json`, and its files.

    It is made once: the record is found again by the first of `metadata.identifiers`, and a second run that changes
    nothing writes nothing. Changed metadata is an edit, changed files are a new version. The token is that of
    CERN_ASSETS_REPOSITORY_TOKEN. Access that is not said to be public is restricted.

    Exit code 1 if it is not published; the output says why.
    """
    settings = load_settings()
    folder, given = files_given(files) if files else (Path(), ())
    read = read_deposit(_body(deposit), given)
    with opened_for_deposits(settings, repository, folder) as context:
        outcome, receipt = publish_deposit(context, read)
        spent = context.adapters.repository.spent
    if json_:
        show.as_json(_facts(read, outcome, receipt, spent))
    elif receipt is None:
        click.echo(f"Not published: {outcome.problem.message if outcome.problem else outcome.status}", err=True)
    else:
        _print(outcome, receipt, spent)
    sys.exit(0 if receipt else 1)


def _body(path: Path) -> Json:
    try:
        body: Json = json.loads(path.read_bytes())
    except ValueError as error:
        raise MetadataInvalidError(
            f"The deposit is no JSON: {error}.", uri=str(path), remedy="Correct the file."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"The deposit cannot be read: {error.strerror}.", uri=str(path)) from error
    return body


def _facts(deposit: Deposit, outcome: StageOutcome, receipt: Receipt | None, spent: Spent) -> dict[str, object]:
    facts: dict[str, object] = {
        "status": outcome.status,
        "identifier": deposit.identifier,
        "calls": {"requests": sum(spent.requests.values()), "writes": spent.writes, **spent.requests},
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings],
    }
    if receipt is None:
        return {**facts, "problem": outcome.problem.model_dump(mode="json") if outcome.problem else None}
    ways = {way.key: way for way in receipt.ways}
    return {
        "id": receipt.record_id,
        "url": receipt.url,
        "version": receipt.version_index,
        "files": [
            {
                "key": file.key,
                "size": file.size_bytes,
                "md5": file.checksum.value if file.checksum else None,
                "skipped": file.key not in spent.sent,
                "transfer": ways[file.key].transfer if file.key in ways else None,
                "reason": ways[file.key].reason if file.key in ways else None,
            }
            for file in receipt.files
        ],
        **facts,
    }


def _print(outcome: StageOutcome, receipt: Receipt, spent: Spent) -> None:
    rows = [
        [
            file.key,
            show.human_size(file.size_bytes or 0),
            str(file.checksum),
            "sent" if file.key in spent.sent else "there",
        ]
        for file in receipt.files
    ]
    if rows:
        show.table(["file", "size", "checksum", ""], rows)
    for finding in outcome.findings:
        click.echo(f"{finding.severity}: {finding.message}")
    total = sum(spent.requests.values())
    click.echo(
        f"{receipt.url}, version {receipt.version_index}: {outcome.status}, {total} requests, {spent.writes} writes"
    )
