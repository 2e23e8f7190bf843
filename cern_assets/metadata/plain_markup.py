"""Markup that is as the sanitiser would leave it, told apart without one: nearly all of what records have.

It takes no decision of its own: what it does not know to the letter is left to `markup.clean_markup`, and a property
test holds both to the same answers.
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

_TAG = re.compile(
    r"""(</?(?:p|i|b|em|strong|code|sub|sup|blockquote|ul|ol|li)>
    | <br\ ?/?>
    | <a\ href="(?:[!#$%'()*+,./0-9:;=?@A-Z_a-z~-]|&(?=[A-Za-z_]+=))+"(?:\ target="_blank")?>
    | </a>)""",
    re.VERBOSE,
)
_LINE_ENDS = {ord("\n"): None, ord("\t"): None}
_LINK = '<a href="'
_FEW_TAGS = 100
_BLOCKS = frozenset({"p", "blockquote", "ul", "ol", "li"})
_LISTS = frozenset({"ul", "ol"})
_MOST_OPEN = 12
_OTHER_ENTITY = re.compile("&(?!(?:amp|lt|gt|nbsp);)")


def plain_markup(source: str, resolve: Callable[[str], str]) -> tuple[str, str] | None:
    """The safe HTML of a source and the text a reader sees in it; None where a sanitiser has to be asked.

    `resolve` makes an address absolute, or says that it is none by "".
    """
    if "\xa0" in source or not (source.isprintable() or source.translate(_LINE_ENDS).isprintable()):
        return None
    if "<" in source:
        written = _written(source.lstrip(), resolve)
        if written is None:
            return None
        markup, text = written
    elif "&" in source and _OTHER_ENTITY.search(source):
        return None
    else:
        lines = source.strip().splitlines()
        markup, text = "<br>".join(line.replace(">", "&gt;") for line in lines), " ".join(lines)
    return markup, html.unescape(text) if "&" in text else text


def _written(source: str, resolve: Callable[[str], str]) -> tuple[str, str] | None:
    """HTML and text of what has tags: how they are written follows from the tags alone, of which there are few rows."""
    pieces = _TAG.split(source)
    texts, tags = pieces[::2], pieces[1::2]
    addresses = [resolve(tag[len(_LINK) : tag.index('"', len(_LINK))]) for tag in tags if tag[:3] == "<a "]
    if not all(addresses):
        return None
    row = tuple(["<a>" if tag[:3] == "<a " else tag for tag in tags] if addresses else tags)
    plan = (_plan if len(row) <= _FEW_TAGS else _plan.__wrapped__)(row)
    if plan is None:
        return None
    if not plan.is_open:
        texts[-1] = texts[-1].rstrip()
    whole = "\n".join(texts)
    if "<" in whole or _OTHER_ENTITY.search(whole):
        return None
    pieces[::2], pieces[1::2] = texts, plan.blanks
    seen = "".join(pieces)
    if ">" in whole:
        pieces[::2] = [text.replace(">", "&gt;") for text in texts]
    written = list(plan.markup)
    for at, address in zip(plan.links, addresses, strict=True):
        shown = address.replace("&", "&amp;")
        written[at] += f'<a href="{shown}">'
    pieces[1::2] = written
    return "".join(pieces) + plan.end, seen + plan.blank_at_end


class _Plan(NamedTuple):
    """How a row of tags is written: the tags that take the place of each, and which of them are `links`, by number.

    `blanks` are what a reader sees of each. `is_open` tells that something was left open, and `end` closes it.
    """

    markup: tuple[str, ...]
    links: tuple[int, ...]
    blanks: tuple[str, ...]
    is_open: bool
    end: str
    blank_at_end: str


@lru_cache(1_024)
def _plan(tags: tuple[str, ...]) -> _Plan | None:
    """The plan of a row of tags, in which `<a>` is one with an address; None where a sanitiser has to be asked."""
    writer = _Writer()
    markup, blanks = [], []
    for tag in tags:
        if not writer.took(tag):
            return None
        before, blank = writer.given()
        markup.append(before.removesuffix("<a>") if tag == "<a>" else before)
        blanks.append(blank)
    links = tuple(at for at, tag in enumerate(tags) if tag == "<a>")
    is_open = writer.is_open
    writer.close()
    return _Plan(tuple(markup), links, tuple(blanks), is_open, *writer.given())


class _Writer:
    """Tags as HTML 5 reads them, as far as that is simple."""

    def __init__(self) -> None:
        self._markup: list[str] = []
        self._text: list[str] = []
        self._opened: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether something is not closed yet."""
        return bool(self._opened)

    def given(self) -> tuple[str, str]:
        """Markup and text since this was asked last."""
        found = "".join(self._markup), "".join(self._text)
        self._markup, self._text = [], []
        return found

    def close(self) -> None:
        """Close all that is open."""
        while self._opened:
            self._close()

    def took(self, tag: str) -> bool:
        """Write a tag; False where it stands where HTML 5 would move it."""
        name = tag.strip("</ >").partition(" ")[0]
        if name == "br":
            self._tag("br", "<br>")
            return True
        return self._ended(name) if tag.startswith("</") else self._begun(name, f"<{name}>")

    def _begun(self, name: str, tag: str) -> bool:
        opened = self._opened
        if len(opened) >= _MOST_OPEN:
            return False
        if name == "li":
            if not opened or opened[-1] not in _LISTS:
                return False
        elif name in _BLOCKS:
            if opened and opened[-1] == "p":
                self._close()  # a block ends the paragraph before it
            if any(each not in _BLOCKS or each == "p" for each in opened):
                return False
        elif name in opened:
            if name != "a" or opened[-1] != "a":
                return False
            self._close()  # a link ends the one that it stands in
        opened.append(name)
        self._tag(name, tag)
        return True

    def _ended(self, name: str) -> bool:
        opened = self._opened
        if name not in _BLOCKS and opened and name not in opened:
            return True  # the end of what is not open, or has ended already
        if name == "p" and all(each in _BLOCKS and each != "p" for each in opened):
            self._tag("p", "<p>")  # the end of a paragraph that is not there makes an empty one
            opened.append("p")
        elif name in _BLOCKS and name != "p" and opened and opened[-1] == "p":
            self._close()
        if not opened or opened[-1] != name:
            return False
        self._close()
        return True

    def _close(self) -> None:
        name = self._opened.pop()
        self._tag(name, f"</{name}>")

    def _tag(self, name: str, tag: str) -> None:
        self._markup.append(tag)
        if name in _BLOCKS or name == "br":
            self._text.append(" ")
