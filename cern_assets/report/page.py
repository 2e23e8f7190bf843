"""The page: figures, tables and words in one file that fetches nothing, and how it comes to lie at its place."""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.failures import FULL
from cern_assets.model.identifiers import Recid
from cern_assets.report.figures import figures_of, leaving_words, told_stages
from cern_assets.report.gathered import Gathered
from cern_assets.report.theme import DARK, LIGHT, variables
from cern_assets.report.words import amount, seconds, size

type PageOf = Callable[[Recid], str]
"""The page of a record at its source, "" for none."""

_WEB = re.compile(r"https?://[^\s\"'<>\\]+\Z")


def page_of(pages: Sequence[Gathered], source_pages: Mapping[str, PageOf], now: datetime | None = None) -> str:
    """The whole page for some collections, as text; `source_pages` by collection. Without collections, it says so."""
    return rendered(
        "report.html",
        made=now or datetime.now(UTC),
        collections=[
            _shown(each, f"c{number}", source_pages.get(each.collection)) for number, each in enumerate(pages)
        ],
    )


def rendered(template: str, **values: object) -> str:
    """A page from a template of `report/templates`: every text is escaped, and what is not given is an error."""
    environment = Environment(
        loader=PackageLoader("cern_assets.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(amount=amount, size=size, seconds=seconds, words=_words, link=_link, moment=_moment)
    return environment.get_template(template).render(
        light=Markup(variables(LIGHT)),  # noqa: S704  colours of ours
        dark=Markup(variables(DARK)),  # noqa: S704  colours of ours
        **values,
    )


def write_page(path: Path, text: str) -> None:
    """Put the page at its place, whole or not at all: what was there before stays until then.

    Raises:
        StorageFullError, StorageUnavailableError: it cannot be written there.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritten(path, error) from error
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _unwritten(path: Path, error: OSError) -> StorageFullError | StorageUnavailableError:
    full = error.errno in FULL
    return (StorageFullError if full else StorageUnavailableError)(
        f"The report cannot be written: {error.strerror or error}.",
        uri=str(path),
        remedy="Make room there, or name another place." if full else "Name a file in a folder that can be written to.",
    )


def _shown(gathered: Gathered, key: str, source_page: PageOf | None) -> dict[str, object]:
    figures = {figure.name: figure for figure in figures_of(gathered, key)}
    return {
        "told": gathered,
        "stages": told_stages(gathered),
        "lost_leaves": sum(map(_lost, gathered.losses)),
        "lossy": [row for row in gathered.losses if _lost(row)],
        "kept": [row for row in gathered.losses if not _lost(row)],
        "figures": {name: (figure, Markup(figure.svg)) for name, figure in figures.items()},  # noqa: S704  of our figures
        "flows": [(leaving_words(flow), flow) for flow in gathered.flows],
        "pages": {
            str(row["recid"]): source_page(Recid(str(row["recid"]))) if source_page else ""
            for row in _with_recids(gathered)
        },
    }


def _lost(row: Mapping[str, object]) -> int:
    return int(str(row["dropped"])) + int(str(row["unmapped"]))


def _with_recids(gathered: Gathered) -> Iterable[Mapping[str, object]]:
    yield from gathered.slowest
    yield from ({"recid": row["last_recid"]} for row in gathered.failures)


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _link(address: object) -> str:
    """An address that a page may lead to, or ""."""
    return str(address) if _WEB.match(str(address)) else ""


def _moment(when: object) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if isinstance(when, datetime) else "-"
