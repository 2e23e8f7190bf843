"""Rules over the texts of a record, whatever its source: blanks, unseen and broken letters, HTML, misprints.

Each reads the record's leaves, and writes a patch where what was meant is plain.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser

import ftfy
from ftfy.badness import is_bad

from cern_assets.audit.patches import replaced
from cern_assets.audit.rules import Fault, Rule, Subject
from cern_assets.audit.told import noticed
from cern_assets.metadata.text import without_unseen

_LONGEST_LABEL = 300
"""Characters of what is shown as a label; blanks at the ends of prose are nobody's harm."""

_PROSE = ("description", "notes", "520__[].a[]")
_ENTITY = re.compile(r"&(amp|lt|gt|quot|nbsp)(?![;\w=])")
_PAIRED = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "center", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("i", "ol", "pre", "span", "strike", "strong", "sub", "sup", "table", "tt", "u", "ul"),
    }
)
"""Elements of HTML whose end has to be written."""


def _mending(
    message: str, is_broken: Callable[[str], bool], mend: Callable[[str], str], *, prose: bool = True
) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for texts that are broken in a way that is mended without asking anybody; all, or labels only."""

    def find(subject: Subject) -> Iterator[Fault]:
        for leaf, text in subject.texts:
            if is_broken(text) and (prose or not leaf.pattern.endswith(_PROSE)):
                mended = mend(text)
                patch = replaced(leaf.steps, text, mended) if mended.strip() and mended != text else ()
                yield Fault(leaf.path, _around(text, mended), message, patch)

    return find


def misprints(words: Mapping[str, str]) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for words that a source is known to misspell, by what they should be."""
    known = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b")

    def find(subject: Subject) -> Iterator[Fault]:
        for leaf, text in subject.texts:
            found = list(dict.fromkeys(match[0] for match in known.finditer(text)))
            if found:
                mended = known.sub(lambda match: words[match[0]], text)
                told = ", ".join(f"`{word}` for `{words[word]}`" for word in found)
                yield Fault(leaf.path, ", ".join(found), f"Misprint: {told}.", replaced(leaf.steps, text, mended))

    return find


def unbalanced_markup(subject: Subject) -> Iterator[Fault]:
    """Elements of HTML that are begun and not ended, ended and not begun, or that cross each other."""
    for leaf, text in subject.texts:
        if "<" in text and "</" in text:
            tags = _Tags(text)
            faults = [*tags.faults, *((place, f"<{name}> has no end") for name, place in tags.opened)]
            if faults:
                place = faults[0][0]
                told = "; ".join(dict.fromkeys(what for _, what in faults[:3]))
                around = text[max(0, place - 40) : place + 30]
                yield Fault(leaf.path, around, f"The HTML is not balanced: {told}.")


def _has_blank_ends(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and text.strip() not in ("", text) and "<" not in text


def _garbled(text: str) -> bool:
    return not text.isascii() and is_bad(text) and not is_bad(ftfy.fix_encoding(text))


TEXT_RULES: tuple[Rule, ...] = (
    Rule(
        id="text-blank-ends",
        group="texts",
        severity="note",
        title="Blanks around a label",
        reason="A title or name with a blank before or behind it sorts wrongly, and no exact search finds it.",
        example='"Configuration file for SIM step "',
        mends="takes the blanks away",
        find=_mending(
            "Blanks before or behind it.",
            _has_blank_ends,
            str.strip,
            prose=False,
        ),
    ),
    Rule(
        id="text-unseen-letters",
        group="texts",
        severity="note",
        title="Letters that nobody sees",
        reason="Control and zero-width characters come from copying; words with them are not found.",
        example="higgs\\u200bboson",
        mends="takes them away",
        find=_mending(
            "It holds control or zero-width characters.",
            lambda text: not text.isprintable() and without_unseen(text) != text,
            without_unseen,
        ),
    ),
    Rule(
        id="text-garbled",
        group="texts",
        severity="warning",
        title="Letters of a wrong encoding",
        reason="UTF-8 was read as another encoding once, so that accents became two letters each.",
        example="GenÃ¨ve",
        mends="reads it in the right encoding",
        find=_mending("Its letters were read in a wrong encoding once.", _garbled, ftfy.fix_encoding),
    ),
    Rule(
        id="html-entity",
        group="texts",
        severity="warning",
        title="HTML entity without its semicolon",
        reason="Readers see `&amp` as it is written, or a letter that was not meant.",
        example="two leptons &amp ZZ decay",
        mends="ends the entity",
        find=_mending(
            "An entity of HTML without its semicolon.",
            lambda text: _ENTITY.search(text) is not None,
            lambda text: _ENTITY.sub(r"&\1;", text),
        ),
    ),
    Rule(
        id="html-unbalanced",
        group="texts",
        severity="warning",
        title="HTML that is not balanced",
        reason="Each program closes it elsewhere: what follows may all be bold, or a list may swallow the page.",
        example="<ul><li>one</li>",
        find=unbalanced_markup,
    ),
    Rule(
        id="html-lossy",
        group="texts",
        severity="warning",
        title="HTML that cannot be kept",
        reason="It links to no address, embeds what no repository shows, or is nested beyond reason.",
        example='<a href="">here</a>',
        find=noticed("markup-loss"),
    ),
    Rule(
        id="markup-leftover",
        group="texts",
        severity="warning",
        title="Marks of another markup language",
        reason="The field is shown as HTML or plain text; readers see the marks of Markdown or MARC themselves.",
        example="see [the guide](https://example.org/guide)",
        find=noticed("markup-leftover"),
    ),
    Rule(
        id="hidden-controls",
        group="texts",
        severity="warning",
        title="Controls that turn the order of letters",
        reason="With them a text shows other words than it has; they are a known way to deceive readers.",
        example="report\\u202egpj.exe",
        find=noticed("hidden-controls"),
    ),
)


def _around(text: str, mended: str) -> str:
    """The part of a text that is mended, with the blanks and unseen letters at its ends to be seen."""
    at = next((place for place, (old, new) in enumerate(zip(text, mended, strict=False)) if old != new), len(mended))
    part = text[max(0, at - 30) : at + 50]
    return part if part.isprintable() and part == part.strip() else repr(part)


class _Tags(HTMLParser):
    """Elements of `_PAIRED` as they are begun and ended, with where in the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.opened: list[tuple[str, int]] = []
        self.faults: list[tuple[int, str]] = []
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  the parser's signature
        if tag in _PAIRED:
            self.opened.append((tag, self._place()))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """An element that ends where it begins."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in _PAIRED:
            return
        if all(tag != name for name, _ in self.opened):
            self.faults.append((self._place(), f"</{tag}> ends nothing"))
            return
        while (last := self.opened.pop()[0]) != tag:
            self.faults.append((self._place(), f"<{last}> is crossed by </{tag}>"))

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
