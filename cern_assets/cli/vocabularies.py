"""`cern-assets vocabularies`: the controlled terms that deposits use, and what a target has of them."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import click

from cern_assets.cli import show
from cern_assets.collections.spec import DEFAULT_TARGET
from cern_assets.metadata.custom_fields import declared
from cern_assets.metadata.terms import Vocabulary, vocabularies
from cern_assets.model.publications import HeldTerms
from cern_assets.settings import Settings, load_settings
from cern_assets.wiring import build_repository

_COLUMNS = ("vocabulary", "what", "terms", "source", "version", "date", "at the target", "lacking there")
_SHOWN = 5


@dataclass(frozen=True)
class _Listed:
    """A vocabulary as it is listed. `held` is None where no target was asked, or it shows no such vocabulary."""

    name: str
    what: str
    source: str
    version: str
    date: str
    licence: str
    target: str
    terms: int
    held: int | None = None
    newest: str = ""
    lacking: tuple[str, ...] = ()


@click.command("vocabularies")
@click.option("--target", "target_", default=None, help="Ask this target; else the one of the settings, if there is.")
@click.option("--offline", is_flag=True, help="Ask no target.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a line.")
def command(target_: str | None, offline: bool, json_: bool) -> None:
    """List the vocabularies that deposits take their terms from, with source, version and date.

    Beside each stands how many terms the target has, when its newest was made, and how many of ours it lacks: a
    deposit with one of these is refused there, but for affiliations and funders, which then go by their names.
    """
    settings = load_settings()
    with show.written():
        rows = list(_rows(settings, None if offline else _asked(settings, target_)))
        if json_:
            for row in rows:
                show.as_json(asdict(row))
            return
        shown = len(_COLUMNS) if any(row.held is not None for row in rows) else len(_COLUMNS) - 2
        show.table(_COLUMNS[:shown], [_cells(row)[:shown] for row in rows])


def _asked(settings: Settings, target: str | None) -> str | None:
    """The target to ask: none where neither a name nor the settings say which."""
    return target or (DEFAULT_TARGET if "repository_url" in settings.model_fields_set else None)


def _rows(settings: Settings, target: str | None) -> Iterator[_Listed]:
    repository = build_repository(settings, target) if target else None
    try:
        for each in vocabularies().values():
            held = repository.held_terms(each.target) if repository else None
            yield _listed(_said(each), held, each.titles)
        for name, own in declared().vocabularies.items():
            held = repository.held_terms(name) if repository else None
            yield _listed(_own(name, len(own.terms)), held, [term.id for term in own.terms])
    finally:
        if repository:
            repository.close()


def _said(each: Vocabulary) -> _Listed:
    said = (each.name, each.what, each.source, each.version, each.date, each.licence, each.target)
    return _Listed(*said, terms=len(each.titles))


def _own(name: str, terms: int) -> _Listed:
    version = f"custom fields {declared().version}"
    return _Listed(name, "of a custom field", "cern-assets", version, "", "MIT", name, terms)


def _listed(row: _Listed, held: HeldTerms | None, ours: Iterable[str]) -> _Listed:
    if held is None:
        return row
    lacking = tuple(sorted(set(ours) - held.ids)) if held.ids is not None else ()
    return replace(row, held=held.total, newest=held.newest, lacking=lacking)


def _cells(row: _Listed) -> list[str]:
    at_target = "" if row.held is None else f"{row.held:,}" + (f", newest of {row.newest}" if row.newest else "")
    more = f" and {len(row.lacking) - _SHOWN:,} more" if len(row.lacking) > _SHOWN else ""
    lacking = f"{', '.join(row.lacking[:_SHOWN])}{more}"
    return [row.name, row.what, f"{row.terms:,}", row.source, row.version, row.date, at_target, lacking]
