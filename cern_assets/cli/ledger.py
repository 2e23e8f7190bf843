"""`cern-assets ledger`: where every recid of the instance stands."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import batched

import click

from cern_assets.cli import show
from cern_assets.documents.store import DocumentStore
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import STAGE_NAMES, STATES, State
from cern_assets.settings import Settings, load_settings
from cern_assets.telemetry.database import Row
from cern_assets.telemetry.known_losses import note_losses
from cern_assets.telemetry.ledger import Counts, Ledger, opened_ledger
from cern_assets.telemetry.partitions import kept_in_sqlite, sqlite_partitions

_SHOWN = 20
_PIECE = 10_000


@click.command("ledger")
@click.option("--state", type=click.Choice(STATES), help="Show only recids in this state.")
@click.option("--limit", type=click.IntRange(0), default=_SHOWN, show_default=True, help="Show at most so many recids.")
@click.option("--all", "all_", is_flag=True, help="Show all recids.")
@click.option("--check", is_flag=True, help="Compare with the journal and the repository's own list of records, too.")
@click.option("--known-loss", "why", default="", help="Say why events are lost: those that are told as lost now.")
@click.option("--by", default=show.user_name, show_default="your user name", help="Who says so.")
@click.option("--json", "json_", is_flag=True, help="One JSON object.")
def command(state: State | None, limit: int, all_: bool, check: bool, why: str, by: str, json_: bool) -> None:  # noqa: PLR0917  options
    """Show where every recid of the instance stands; the counts must balance.

    Every recid that came in is in exactly one bucket. Three counts are made independently and compared: the instance's
    partitions, the receipts in the store, and what the stages reported. Exit code 1 if they do not agree; the
    differences name the recids. With --check there are five: what was noted in the journal, and what the repository
    itself lists of its depositor's records; run it when nothing else is running.

    Events that are lost (a spool file was deleted, or a disk was full) stay lost, whatever is run again. When their
    recids were run again, --known-loss says why they are missing: they are told with that reason from then on, and the
    ledger balances.
    """
    most = None if all_ else limit
    settings = load_settings()
    if why.strip():
        _know_losses(settings, by, why.strip())
    with checked_ledger(settings) if check else ledger_of(settings) as ledger:
        if json_:
            show.as_json(as_facts(ledger, state=state, limit=most))
        else:
            print_ledger(ledger, state=state, limit=most)
        sys.exit(0 if ledger.balanced else 1)


def ledger_of(
    settings: Settings, collection: str | None = None, recids: Sequence[Recid] = ()
) -> AbstractContextManager[Ledger]:
    """The ledger of the instance that the settings name; of some recids of a collection only, if they are given."""
    from cern_assets.places import build_store
    from cern_assets.wiring import collections_of

    names = (collection,) if collection else tuple(spec.name for spec in collections_of(settings))
    documents = DocumentStore(build_store(settings))
    return opened_ledger(
        settings.telemetry_dir,
        Counts(
            registered=_partitions(settings, names, set(recids)),
            documents={STAGE_NAMES[-1]: list(_receipts(documents, names, recids))},
            collections=names,
            only=names if collection else (),
            asked=[(name, recids) for name in names if recids],
        ),
    )


def checked_ledger(settings: Settings) -> AbstractContextManager[Ledger]:
    """The ledger of all collections, against the journal and the target's own list of records as well.

    Raises:
        RepositoryUnavailableError: a target does not list all of its depositor's records.
    """
    from cern_assets.flows.target_list import listed
    from cern_assets.places import build_store
    from cern_assets.wiring import collections_of, opened_context

    specs = collections_of(settings)
    names = tuple(spec.name for spec in specs)
    began = datetime.now(UTC)
    partitions: dict[str, set[str]] = {name: set() for name in names}
    for name, piece in _partitions(settings, names, set()):
        partitions[name].update(piece)
    known: dict[tuple[str, str], set[str]] = {}
    for spec in specs:
        known.setdefault((spec.source, spec.target), set()).update(partitions[spec.name])
    found = {}
    for spec in specs:
        with opened_context(settings, spec) as context:
            found[spec.name] = listed(context, known[spec.source, spec.target] - partitions[spec.name])
    documents = DocumentStore(build_store(settings))
    return opened_ledger(
        settings.telemetry_dir,
        Counts(
            registered=[(name, tuple(recids)) for name, recids in partitions.items()],
            documents={STAGE_NAMES[-1]: list(_receipts(documents, names, ()))},
            collections=names,
            listed=names,
            noted=[(name, each.noted) for name, each in found.items()],
            held=[(name, each.held) for name, each in found.items()],
            began=began,
            lag_seconds=settings.search_lag_seconds,
        ),
    )


def as_facts(ledger: Ledger, *, state: State | None = None, limit: int | None = None) -> dict[str, object]:
    """The ledger for programs: totals, whether they balance, what they do not agree on, and the recids.

    `more` is the number of recids that the limit left out.
    """
    rows = list(ledger.entries(state=state, limit=limit))
    return {
        **ledger.totals,
        "balanced": ledger.balanced,
        "differences": list(ledger.differences(limit)),
        "lost": list(ledger.lost),
        "known_losses": list(ledger.known_losses),
        "unread": list(ledger.unread),
        "left_out_files": list(ledger.left_out_files()),
        "recids": rows,
        "more": _matching(ledger, state) - len(rows),
    }


def print_ledger(ledger: Ledger, *, state: State | None = None, limit: int | None = None) -> None:
    """The balance, what does not agree, and then the table of recids, for people."""
    totals = ledger.totals
    counts = " + ".join(f"{totals[name]} {name.replace('_', ' ')}" for name in STATES)
    verdict = (
        click.style("balanced", fg="green") if ledger.balanced else click.style("NOT BALANCED", fg="red", bold=True)
    )
    click.echo(f"{totals['in']} in = {counts}: {verdict}")
    for line in _complaints(ledger):
        click.secho(line, fg="red")
    for row in ledger.known_losses:
        click.echo(f"{_events(row)} are lost: {row['said']}")
    for row in ledger.left_out_files():
        size = show.human_size(int(str(row["size_bytes"])))
        click.echo(
            f"{row['collection']}: {row['files']} files, {size}, of {row['recids']} recids stay: {row['reason']}"
        )
    rows = [_cells(row) for row in ledger.entries(state=state, limit=limit)]
    if rows:
        show.table(["collection", "recid", "state", "stage", "files", "bytes", "link or reason"], rows)
    more = _matching(ledger, state) - len(rows)
    if more:
        click.echo(f"{more} more: --limit N or --all shows them, --state NAME chooses.")


def _matching(ledger: Ledger, state: State | None) -> int:
    return ledger.totals[state] if state else ledger.totals["in"] + ledger.totals["unregistered"]


def _complaints(ledger: Ledger) -> Iterator[str]:
    for row in ledger.differences(_SHOWN):
        place = f"{row['collection']} {row['recid']} {row['stage']}".strip()
        yield f"{place}: {row['difference']}"
    if ledger.disputed > _SHOWN:
        yield f"... of {ledger.disputed} recids in all; running them again mends what can be mended."
    for row in ledger.lost:
        yield f"{_events(row)} are lost"
    for row in ledger.unread:
        yield f"{row['lines']} line(s) of {row['file']} cannot be read: {row['reason']}"


def _events(row: Row) -> str:
    return f"events {row['first']} to {row['last']} of the writer {row['writer']}"


def _know_losses(settings: Settings, by: str, why: str) -> None:
    with ledger_of(settings) as ledger:
        gaps = [(str(row["writer"]), int(str(row["first"])), int(str(row["last"]))) for row in ledger.lost]
    if gaps:
        note_losses(settings.telemetry_dir, gaps, by=by, why=why)


def _partitions(settings: Settings, names: Sequence[str], asked: set[Recid]) -> Iterator[tuple[str, Sequence[str]]]:
    if kept_in_sqlite(settings.dagster_home):
        pieces: Iterable[tuple[str, Sequence[str]]] = sqlite_partitions(settings.dagster_home, names)
    else:
        pieces = _asked_of_dagster(settings, names)
    for name, recids in pieces:
        yield name, [recid for recid in recids if not asked or recid in asked]


def _asked_of_dagster(settings: Settings, names: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    from cern_assets.defs.instance import open_instance
    from cern_assets.defs.partitions import registered_recids

    with open_instance(settings.dagster_home) as instance:
        for name in names:
            yield name, registered_recids(instance, name)


def _receipts(
    documents: DocumentStore, names: Sequence[str], asked: Sequence[Recid]
) -> Iterator[tuple[str, Sequence[str]]]:
    for name in names:
        if asked:
            yield name, [recid for recid in asked if documents.holds(name, STAGE_NAMES[-1], recid)]
        else:
            yield from ((name, piece) for piece in batched(documents.recids(name, STAGE_NAMES[-1]), _PIECE))


def _cells(row: Row) -> list[show.Cell]:
    state = str(row["state"])
    return [
        str(row["collection"]),
        str(row["recid"]),
        (state, show.STATE_STYLES[state]),
        str(row["stage"]),
        str(row["files"]),
        show.human_size(int(str(row["size_bytes"]))),
        str(row["message"] or row["url"]),
    ]
