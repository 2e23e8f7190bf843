"""The reference page of the auditor's rules, made of their tables.

`python -m cern_assets.audit.reference <source> ...` writes it to standard output.
"""

import importlib
import sys
from collections.abc import Iterable

from cern_assets.audit.rules import CorpusRule, Rulebook, Told


def render(sources: Iterable[str]) -> str:
    """Write the page as Markdown: for each source its rules, by group, with reason, example, and what a patch does."""
    lines = [
        "# Rules of the auditor",
        "",
        f"<!-- Generated from sources/*/audit.py: python -m cern_assets.audit.reference {' '.join(sources)} -->",
        "",
        "`cern-assets audit` looks for these ([how](../how-to/audit.md)). An *error* keeps the record from being",
        "carried, a *warning* should be looked at by a curator, a *note* is harmless, but untidy. Rules *over all*",
        "compare records with each other; those of the *whole* source are only asked with `--whole`.",
    ]
    for source in sources:
        book: Rulebook = importlib.import_module(f"cern_assets.sources.{source}.audit").BOOK
        title = book.title[:1].upper() + book.title[1:]
        lines += ["", f"## {title}", "", "| group | rule | severity | what and why | for example | the patch |"]
        lines += ["|---|---|---|---|---|---|", *(_row(rule) for rule in book.all)]
    return "\n".join(lines) + "\n"


def _row(rule: Told) -> str:
    over = f" (over {'the whole' if rule.whole else 'all'})" if isinstance(rule, CorpusRule) else ""
    told = f"**{_cell(rule.title)}**{over}. {_cell(rule.reason)}"
    example = f"`{_cell(rule.example.replace('`', ''))}`"
    return f"| {rule.group} | `{rule.id}` | {rule.severity} | {told} | {example} | {_cell(rule.mends) or '-'} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render(sys.argv[1:]))
