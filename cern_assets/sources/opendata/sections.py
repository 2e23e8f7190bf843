"""The prose of CERN Open Data's records beside the abstract: one additional description a section, with its links.

A sentence of the portal ends where a link stands on its page (`... can be found in`): links come back below the text
they belong to, with their labels.
"""

import re
from collections.abc import Iterable, Sequence

from cern_assets.metadata.identifiers import is_ror
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.markup import clean_markup
from cern_assets.metadata.ranges import number_ranges
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.model.findings import Finding, shorten
from cern_assets.model.values import Json
from cern_assets.sources.opendata.config import SITE_URL
from cern_assets.sources.opendata.links import address_of, known_by_doi, link_list, link_markup, record_url, text_of

_FACTS = {
    "collision_information.type": "Collision type",
    "collision_information.energy": "Collision energy",
    "accelerator": "Accelerator",
    "run_period[]": "Run period",
    "run_numbers[]": "Run numbers",
    "magnet_polarity": "Magnet polarity",
    "stripping.stream": "Stripping stream",
    "stripping.version": "Stripping version",
    "stripping.line": "Stripping line",
    "signature[]": "Signature",
    "cross_section.total_value": "Cross section (pb)",
    "cross_section.total_value_uncertainty": "Cross section, uncertainty (pb)",
    "cross_section.filter_efficiency": "Filter efficiency",
    "cross_section.filter_efficiency_error": "Filter efficiency, error",
    "cross_section.matching_efficiency": "Matching efficiency",
    "cross_section.matching_efficiency_error": "Matching efficiency, error",
    "cross_section.neg_weight_fraction": "Fraction of negative weights",
    "categories.source": "Category attributed by",
    "collections[]": "Collections of the portal",
    "cms_confdb_id": "CMS configuration database id",
    "prepublication.date": "First published on",
    "prepublication.place": "First published in",
    "prepublication.publisher": "First published by",
    "prepublication.report_number": "Report number",
    "rucio_dataset": "Rucio dataset",
}
FACT_PATTERNS = tuple(_FACTS)
_KINDS = {
    "isChildOf": "Derived from",
    "isPartOf": "Part of",
    "isParentOf": "Source of",
    "isProducedBy": "Produced by",
    "isRelatedTo": "Related to",
    "isSiblingOf": "Variant of",
}
_INSPIRE_ID = re.compile(r"INSPIRE-\d{8}", re.ASCII)
_STEP = {
    "release": "Release",
    "global_tag": "Global tag",
    "generators[]": "Generators",
    "output_dataset": "Output dataset",
}
_SYSTEM = {"release": "Release", "global_tag": "Global tag"}


def methodology(reading: Reading) -> Converted:
    """How the data came to be: the text, its links, and the steps in order with their configuration files."""
    section = _Section(reading, "methods", "Methodology")
    section.prose("methodology.description")
    section.prose("methodology.note.description")
    section.links("methodology.links[]")
    steps = [_step(section, step) for step in reading.items("methodology.steps[]")]
    section.add(f"<ol>{''.join(f'<li>{step}</li>' for step in steps if step)}</ol>" if any(steps) else "")
    return section.converted()


def pileup(reading: Reading) -> Converted:
    """How pile-up was simulated."""
    return _simple(reading, "pileup", "methods", "Pile-up")


def usage(reading: Reading) -> Converted:
    """How to use the data."""
    return _simple(reading, "usage", "other", "Usage")


def use_with(reading: Reading) -> Converted:
    """What else is used with the data."""
    return _simple(reading, "use_with", "other", "Use with")


def validation(reading: Reading) -> Converted:
    """How the data were validated."""
    return _simple(reading, "validation", "other", "Validation")


def note(reading: Reading) -> Converted:
    """What is to be noted."""
    return _simple(reading, "note", "other", "Note")


def system_details(reading: Reading) -> Converted:
    """The software that the data need."""
    section = _Section(reading, "technical-info", "System details")
    section.prose("system_details.description")
    section.table([(label, reading.text(f"system_details.{name}")) for name, label in _SYSTEM.items()])
    named = (*reading.all("system_details.recid"), *reading.all("system_details.url"))
    entries = [section.link(leaf, leaf.text) for leaf in named]
    for image in reading.items("system_details.container_images[]"):
        registry, about = image.text("registry"), image.text("description")
        shown = (
            f"Container image <code>{text_of(image.text('name'))}</code>" if image.text("name") else "Container image"
        )
        more = "; ".join(filter(None, (text_of(registry), text_of(about))))
        entries.append(f"{shown} ({more})" if more else shown)
        entries += [section.link(leaf, leaf.text) for leaf in image.all("recid")]
    section.listed(entries)
    return section.converted()


def dataset_semantics(reading: Reading) -> Converted:
    """What each variable of the data means, as a table; a unit `N/A` is an empty cell."""
    section = _Section(reading, "technical-info", "Dataset semantics")
    columns = ("variable", "type", "unit", "description")
    items = reading.items("dataset_semantics[]")
    unitless = [leaf for item in items for leaf in item.all("unit") if leaf.text.upper() == "N/A"]
    used = [column for column in columns if any(_cell(item, column) for item in items)]
    head = "".join(f"<th>{column.capitalize()}</th>" for column in used)
    rows = "".join(
        f"<tr>{''.join(f'<td>{text_of(_cell(item, column))}</td>' for column in used)}</tr>" for item in items
    )
    section.add(f"<table><tbody><tr>{head}</tr>{rows}</tbody></table>" if rows else "")
    reason = "It says that the variable has no unit, as its empty cell does."
    return section.converted()._replace(aside=tuple((leaf, reason) for leaf in unitless))


def _cell(item: Reading, column: str) -> str:
    said = item.text(column)
    return "" if column == "unit" and said.upper() == "N/A" else said


def other_links(reading: Reading) -> Converted:
    """Links of the record itself."""
    section = _Section(reading, "other", "Links")
    section.links("links[]")
    return section.converted()


def source_code(reading: Reading) -> Converted:
    """Where the code is developed, with what the record says of it."""
    section = _Section(reading, "other", "Source code")
    section.prose("source_code_repository.description")
    section.listed([section.link(leaf, leaf.text) for leaf in reading.all("source_code_repository.url")])
    return section.converted()


def relations(reading: Reading) -> Converted:
    """What the record says of other records in words: their titles, and how they belong together.

    Of one that has neither recid nor DOI, the kind of the relation stands here too.
    """
    section = _Section(reading, "other", "Related records")
    entries: list[str] = []
    unused: list[Unused] = []
    apart: list[Leaf] = []
    aside: list[tuple[Leaf, str]] = []
    computed: list[Leaf] = []
    for relation in reading.items("relations[]"):
        kind, target = relation.first("type"), relation.first("doi") or relation.first("recid")
        if relation.text("description") or relation.text("title"):
            entries.append(_related(section, relation, target))
            if kind:
                (apart if target and address_of(target) else computed).append(kind)
            aside += known_by_doi(relation)
        elif target:
            apart += relation.leaves
        elif kind:
            unused.append(Unused(kind, "relation-without-target", "The relation names no record.", "note"))
    section.listed(entries)
    return section.converted()._replace(
        unused=tuple(unused), apart=tuple(apart), aside=tuple(aside), computed=tuple(computed)
    )


def _related(section: "_Section", relation: Reading, target: Leaf | None) -> str:
    label = relation.text("title") or (target.text if target else "")
    shown = section.link(target, label) if target else text_of(label)
    said = clean_markup(relation.text("description"), base_url=section.base_url, origin=SITE_URL).html
    kind = relation.text("type")
    how = "" if not kind or (target and address_of(target)) else f"{_KINDS.get(kind, text_of(kind))}:"
    return " ".join(filter(None, (how, said, shown)))


def facts(reading: Reading) -> Converted:
    """Data taking and processing in figures, as a table; run numbers that follow each other as a range."""
    section = _Section(reading, "technical-info", "Facts")
    # The leaves stand in the order of the table already, as their row names the patterns in it.
    said: dict[str, list[str]] = {}
    for leaf in reading.leaves:
        said.setdefault(leaf.pattern, []).append(leaf.text)
    rows = (
        (_FACTS[pattern], ", ".join(number_ranges(texts) if pattern == "run_numbers[]" else texts))
        for pattern, texts in said.items()
    )
    section.table(rows)
    return section.converted()._replace(computed=ranged(reading))


def ranged(reading: Reading) -> tuple[Leaf, ...]:
    """The runs that stand in no text of their own: those between the ends of a range."""
    runs = reading.all("run_numbers[]")
    if not runs:
        return ()
    ends = {end for text in number_ranges([leaf.text for leaf in runs]) for end in text.split(" to ")}
    return tuple(leaf for leaf in runs if leaf.text not in ends)


def affiliation_ids(reading: Reading) -> Converted:
    """ROR ids of the authors' affiliations, as every InvenioRDM keeps them: in words, beside the names.

    Names and ids belong together where there are as many of the one as of the other; else the author has them all.
    """
    section = _Section(reading, "technical-info", "Affiliations by ROR id")
    entries: dict[str, None] = {}
    pairs: dict[str, str] = {}
    unused: list[Unused] = []
    apart: list[Leaf] = []
    for author in reading.items("authors[]"):
        leaf = author.first("rorid")
        apart += (each for each in author.leaves if each is not leaf)
        ids = [text.strip().removeprefix("https://ror.org/") for text in leaf.text.split(";")] if leaf else []
        if leaf is None or not all(map(is_ror, ids)):
            unused += [Unused(leaf, "ror-invalid", "No ROR ids, or a check digit is wrong.")] if leaf else []
            continue
        names = [name.strip() for name in author.text("affiliation").split(";")]
        paired = list(zip(names, ids, strict=True)) if len(names) == len(ids) and all(names) else []
        pairs |= dict(paired)
        links = [f'<a href="https://ror.org/{ror}">https://ror.org/{ror}</a>' for ror in ids]
        labels = names if paired else [author.text("name")]
        shown = links if paired else [", ".join(links)]
        entries |= {f"{text_of(label)}: {link}": None for label, link in zip(labels, shown, strict=True)}
    section.listed(list(entries))
    return section.converted()._replace(unused=tuple(unused), apart=tuple(apart), rors=tuple(pairs.items()))


def inspire_ids(reading: Reading) -> Converted:
    """INSPIRE ids of authors, which tell people of one name apart: in words, as no InvenioRDM takes them by itself."""
    section = _Section(reading, "technical-info", "Authors by INSPIRE id")
    rows: list[tuple[str, str]] = []
    findings: list[Finding] = []
    apart: list[Leaf] = []
    for author in reading.items("authors[]"):
        leaf = author.first("inspireid")
        if leaf is None:
            apart += author.leaves
            continue
        rows.append((author.text("name"), leaf.text))
        if not _INSPIRE_ID.fullmatch(leaf.text):
            message, value = "Not written as INSPIRE writes its ids (INSPIRE-00175052).", shorten(leaf.text)
            findings.append(
                Finding(code="inspire-id-odd", severity="warning", field=leaf.path, value=value, message=message)
            )
    section.table(rows)
    return section.converted()._replace(findings=tuple(findings), apart=tuple(apart))


class _Section:
    """HTML of one section as it grows, with what is to be told of it."""

    def __init__(self, reading: Reading, kind: str, title: str) -> None:
        self._reading = reading
        self._kind = kind
        self._title = title
        self._parts: list[str] = []
        self._findings: list[Finding] = []

    def base_url(self) -> str:
        """The address of the record's page."""
        return record_url(self._reading.recid)

    def prose(self, pattern: str, *, of: Reading | None = None) -> str:
        """Add the text of a pattern."""
        leaf = (of or self._reading).first(pattern)
        if leaf is None:
            return ""
        cleaned = clean_markup(str(leaf.value), base_url=self.base_url, origin=SITE_URL)
        for loss in cleaned.losses:
            message = f"Not kept: {loss}."
            value = shorten(leaf.text)
            self._findings.append(
                Finding(code="markup-loss", severity="warning", field=leaf.path, value=value, message=message)
            )
        markup = cleaned.html if cleaned.html.startswith("<") else f"<p>{cleaned.html}</p>"
        if of is None:
            self._parts.append(markup)
        return markup

    def links(self, prefix: str) -> None:
        """Add the links of a list, each with the label that it has."""
        self.add(link_list(self._reading, prefix))

    def link(self, leaf: Leaf, label: str) -> str:
        """A link to what a leaf names; its label alone where that leads nowhere, which is told."""
        if not address_of(leaf):
            message, value = "This leads nowhere; its text is carried.", shorten(leaf.text)
            self._findings.append(
                Finding(code="link-unusable", severity="warning", field=leaf.path, value=value, message=message)
            )
        return link_markup(leaf, label)

    def add(self, markup: str) -> None:
        """Add HTML of our own."""
        if markup:
            self._parts.append(markup)

    def listed(self, entries: Sequence[str]) -> None:
        """Add a list."""
        self.add(f"<ul>{''.join(f'<li>{entry}</li>' for entry in entries if entry)}</ul>" if any(entries) else "")

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """Add a table of what has a value."""
        shown = "".join(f"<tr><th>{text_of(name)}</th><td>{text_of(value)}</td></tr>" for name, value in rows if value)
        self.add(f"<table><tbody>{shown}</tbody></table>" if shown else "")

    def converted(self) -> Converted:
        """The additional description, None where nothing was said."""
        if not self._parts:
            return Converted(findings=tuple(self._findings))
        html = f"<h3>{self._title}</h3>{''.join(self._parts)}"
        described: list[Json] = [{"description": html, "type": {"id": self._kind}}]
        return Converted(described, findings=tuple(self._findings))


def _simple(reading: Reading, name: str, kind: str, title: str) -> Converted:
    section = _Section(reading, kind, title)
    section.prose(f"{name}.description")
    section.links(f"{name}.links[]")
    return section.converted()


def _step(section: _Section, step: Reading) -> str:
    said = [f"<b>{text_of(step.text('type'))}</b>"] if step.text("type") else []
    for pattern, label in _STEP.items():
        texts = ", ".join(leaf.text for leaf in step.all(pattern))
        said += [f"{label}: <code>{text_of(texts)}</code>"] if texts else []
    files = [_configuration_file(section, file) for file in step.items("configuration_files[]")]
    notes = [section.prose(pattern, of=step) for pattern in ("note", "note.description")]
    notes += [section.link(leaf, leaf.text) for leaf in step.all("note.links[].recid")]
    listed = f"<ul>{''.join(f'<li>{file}</li>' for file in files if file)}</ul>" if any(files) else ""
    return "<br>".join(said) + listed + "".join(notes)


def _configuration_file(section: _Section, file: Reading) -> str:
    target = file.first("recid") or file.first("url")
    title = file.text("title") or (target.text if target else "Configuration file")
    shown = section.link(target, title) if target else text_of(title)
    more = [text_of(file.text("process"))] if file.text("process") else []
    more += [f"configuration database id {text_of(file.text('cms_confdb_id'))}"] if file.text("cms_confdb_id") else []
    both = file.first("url") if target is not None and target is file.first("recid") else None
    more += [section.link(both, "source")] if both else []
    script = file.first("script")
    code = f"<pre><code>{text_of(str(script.value).strip())}</code></pre>" if script else ""
    return f"{shown} ({'; '.join(more)}){code}" if more else shown + code
