"""What an audit found, for the people who keep the records: a page of HTML, or Markdown, to be sent as it is."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cern_assets.audit.patches import Patch
from cern_assets.audit.rules import Case, Told
from cern_assets.audit.running import Results, Tally
from cern_assets.report.page import rendered

SHOWN = 50
"""Cases of one rule that a report shows: those of most places."""

INTRODUCTION = (
    "Each section is one kind of irregularity, with the reason why it matters. Where the right value follows from the"
    " record itself, a patch stands beside the case: JSON Patch (RFC 6902) for the record as its curators keep it. Each"
    " change comes after a test of the value that it replaces, so that a patch changes no record that was mended"
    " meanwhile. Patches of different rules may touch one text: apply one, and audit again."
)
_SEVERITIES = {"error": "cannot be carried", "warning": "should be looked at", "note": "harmless, but untidy"}
_MARKS = re.compile(r"([\\`*_\[\]<>|!#&~$])")


@dataclass(frozen=True)
class Section:
    """One rule that found something, as a page shows it."""

    rule: Told
    tally: Tally
    cases: list[tuple[Case, str]]
    more: int


def audit_page(results: Results, inputs: str, now: datetime | None = None) -> str:
    """The page as HTML: no script, nothing fetched, every text of a record escaped. `inputs` says what was read."""
    return rendered("audit.html", **_told(results, inputs, now), introduction=INTRODUCTION, severities=_SEVERITIES)


def audit_markdown(results: Results, inputs: str, now: datetime | None = None) -> str:
    """The same as Markdown, in which no text of a record is markup."""
    told = _told(results, inputs, now)
    made = told["made"]
    assert isinstance(made, datetime)
    read = f"{results.records:,} records of {results.book.title} ({_text(inputs)}) were read on {made:%Y-%m-%d}. "
    lines = [
        f"# Audit of {results.book.title}",
        "",
        f"{read}{INTRODUCTION}",
        "",
        "| rule | severity | records | places | with a patch |",
        "|---|---|---|---|---|",
    ]
    for section in _sections(results):
        rule, tally = section.rule, section.tally
        counts = f"{tally.cases:,} | {tally.places:,} | {tally.patches:,}"
        lines.append(f"| {_text(rule.title)} (`{rule.id}`) | {rule.severity} | {counts} |")
    for section in _sections(results):
        lines += ["", *_markdown(section)]
    if results.unread_count:
        lines += ["", "## Not read", "", f"{results.unread_count:,} places of the input are no records.", ""]
        lines += [f"- {_text(message)}" for message in results.unread]
    if results.quiet:
        lines += ["", "## Nothing found", "", ", ".join(f"`{rule.id}`" for rule in results.quiet) + "."]
    return "\n".join(lines) + "\n"


WRITERS: dict[str, Callable[[Results, str], str]] = {
    ".html": audit_page,
    ".md": audit_markdown,
}
"""By the ending of the report's name."""


def _told(results: Results, inputs: str, now: datetime | None) -> dict[str, object]:
    return {
        "results": results,
        "inputs": inputs,
        "made": now or datetime.now(UTC),
        "sections": _sections(results),
        "shown": SHOWN,
    }


def _sections(results: Results) -> list[Section]:
    return [
        Section(
            rule=tally.rule,
            tally=tally,
            cases=[(case, _patch(case.patch)) for case in tally.worst],
            more=tally.cases - len(tally.worst),
        )
        for tally in results.tallies
    ]


def _patch(patch: Patch) -> str:
    return "\n".join(json.dumps(operation, ensure_ascii=False) for operation in patch)


def _markdown(section: Section) -> list[str]:
    rule = section.rule
    mends = f" The patch {_text(rule.mends)}." if rule.mends else ""
    lines = [f"## {_text(rule.title)}", "", f"{_text(rule.reason)}{mends}", ""]
    lines += ["| record | places | field | value | what | patch |", "|---|---|---|---|---|---|"]
    for case, patch in section.cases:
        others = f" Also: {', '.join(_text(recid) for recid in case.recids)}." if case.recids else ""
        cells = [_code(case.recid), f"{case.places:,}", _code(case.field), _code(case.value)]
        cells += [f"{_text(case.message)}{others}", _code(patch.replace("\n", ", "))]
        lines.append(f"| {' | '.join(cells)} |")
    if section.more:
        lines += ["", f"And {section.more:,} records more."]
    return lines


def _text(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """A text of a record between backticks, of which it has none itself; a bar would end the cell."""
    shown = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""
