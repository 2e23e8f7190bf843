"""`cern-assets decide`: a steward's word about recids, kept with the collection."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import get_args

import click

from cern_assets.cli import show
from cern_assets.collections.curations import curations_in
from cern_assets.collections.decisions import decisions_file, read_decisions, today, write_decisions
from cern_assets.model.decisions import Choice, StewardDecision
from cern_assets.settings import load_settings
from cern_assets.wiring import collection_named, source_parts

_CHOICES = [choice.replace("_", "-") for choice in get_args(Choice.__value__)]
_REOPEN = "reopen"
_CORRECT = "correct"


@dataclass(frozen=True)
class _Said:
    """What a person said about a recid: a decision by its name, or `correct` for a patch of its deposit."""

    recid: str
    choice: str
    by: str
    when: str
    why: str


@click.command("decide")
@click.option("--collection", default="opendata", show_default=True, help="The collection of the recids.")
@click.option("--why", default="", help="The reason, which the recid shows from then on; needed but with reopen.")
@click.option("--by", default=show.user_name, show_default="your user name", help="Who decided.")
@click.option("--json", "json_", is_flag=True, help="With list: one JSON object a line.")
@click.argument("choice", type=click.Choice([*_CHOICES, _REOPEN, "list"]))
@click.argument("recids", nargs=-1)
def command(collection: str, why: str, by: str, json_: bool, choice: str, recids: tuple[str, ...]) -> None:  # noqa: PLR0917  options
    """Decide about RECIDS: accept their rejection, leave them out, hold them, or reopen what was decided.

    The word is kept in `decisions/<collection>.yaml` beside the collections (without a folder of collections, in the
    home), which may be written by hand as well. It holds from the next run of a recid on: the ledger then counts it as
    left out, or as waiting while it is held, with name, day and reason. `list` shows all that people said about recids
    of the collection: what was decided, and what was corrected in a deposit (`cern-assets curate`).
    """
    settings = load_settings()
    spec = collection_named(settings, collection)
    path = decisions_file(settings.decisions_folder, collection)
    if choice == "list":
        _list(_said(path, spec.curation, set(recids)), json_=json_)
        return
    if not recids:
        raise click.UsageError("Name the recids.")
    if choice != _REOPEN and not why.strip():
        raise click.UsageError("Say why, with --why: the recid shows it from then on.")
    wanted = [source_parts(spec.source).parse_recid(recid) for recid in recids]
    word = None
    if choice != _REOPEN:
        kind = next(known for known in get_args(Choice.__value__) if known.replace("_", "-") == choice)
        word = StewardDecision(choice=kind, by=by, when=today(), why=why.strip())
    write_decisions(path, wanted, word)
    named = " ".join(wanted)
    click.echo(
        f"Decided in {path}. It holds from the next run on: cern-assets ingest --collection {collection} {named}"
    )


def _said(decisions: Path, curation: Path | None, chosen: Collection[str]) -> list[_Said]:
    """Decisions and corrections by recid, of the chosen recids or, if none is, of all."""
    decided = [
        _Said(recid, each.choice, each.by, each.when.isoformat(), each.why)
        for recid, each in read_decisions(decisions).items()
    ]
    corrected = [
        _Said(recid, _CORRECT, each.author, each.date.isoformat(), each.reason)
        for recid, each in (curations_in(curation) if curation is not None and curation.is_dir() else ())
    ]
    every = sorted([*decided, *corrected], key=lambda each: (each.recid, each.when))
    return [each for each in every if not chosen or each.recid in chosen]


def _list(said: Sequence[_Said], *, json_: bool) -> None:
    with show.written():
        if json_:
            for each in said:
                show.as_json(asdict(each))
            return
        show.table([field.name for field in fields(_Said)], [astuple(each) for each in said])
