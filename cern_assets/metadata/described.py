"""Additional descriptions: prose, and tables of what InvenioRDM has no field for."""

from collections.abc import Mapping, Sequence
from html import escape

from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.markup import clean_markup
from cern_assets.metadata.rows import Converted
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json

type Labels = Mapping[str, tuple[str, ...]]
"""What a row of a table is called, and the patterns whose texts stand in it."""


def patterns_of(table: Labels) -> tuple[str, ...]:
    """All patterns of a table."""
    return tuple(name for names in table.values() for name in names)


def table_of(reading: Reading, table: Labels, kind: str, heading: str) -> Converted:
    """A description of this kind: a table with a row for each label of which the record says something."""
    rows = []
    for label, names in table.items():
        texts = dict.fromkeys(leaf.text for name in names for leaf in reading.all(name))
        rows.append((label, ", ".join(texts)))
    return tabled(kind, heading, [(label, text) for label, text in rows if text])


def tabled(kind: str, heading: str, rows: Sequence[tuple[str, str]]) -> Converted:
    """A description of this kind: a table of these rows, nothing where there is none."""
    if not rows:
        return Converted()
    shown = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)
    described: list[Json] = [
        {"description": f"<h3>{heading}</h3><table><tbody>{shown}</tbody></table>", "type": {"id": kind}}
    ]
    return Converted(described)


def prose_of(leaves: Sequence[Leaf], kind: str, base_url: str) -> Converted:
    """A description of this kind for each of these texts, made safe; a loss is a finding."""
    described: list[Json] = []
    told: list[Finding] = []
    for leaf in leaves:
        cleaned = clean_markup(str(leaf.value), base_url=base_url)
        html = cleaned.html if cleaned.html.startswith("<") else f"<p>{cleaned.html}</p>"
        described.append({"description": html, "type": {"id": kind}})
        for loss in cleaned.losses:
            message, value = f"Not kept: {loss}.", shorten(leaf.text)
            told.append(Finding(code="markup-loss", severity="warning", field=leaf.path, value=value, message=message))
    return Converted(described, findings=tuple(told))


def _text(text: str) -> str:
    return escape(text, quote=False)
