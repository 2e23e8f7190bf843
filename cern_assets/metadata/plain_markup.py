"""Markup that is as the sanitiser would leave it, told apart without one: nearly all of what records have.

It takes no decision of its own: what it does not know to the letter is left to `markup.clean_markup`, and a property
test holds both to the same answers.
"""

import html
import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"""<(?P<end>/?)(?P<name>p|i|b|em|strong|code|sub|sup|blockquote|ul|ol|li)>
    | <(?P<br>br)\ ?/?>
    | <a\ href="(?P<href>[!#$%'()*+,./0-9:;=?@A-Z_a-z~-]+)"(?:\ target="_blank")?>
    | (?P<a></a>)""",
    re.VERBOSE,
)
_BLOCKS = frozenset({"p", "blockquote", "ul", "ol", "li"})
_LISTS = frozenset({"ul", "ol"})
_MOST_OPEN = 12
_OTHER_ENTITY = re.compile("&(?!(?:amp|lt|gt|nbsp);)")


def plain_markup(source: str, resolve: Callable[[str], str]) -> tuple[str, str] | None:
    """The safe HTML of a source and the text a reader sees in it; None where a sanitiser has to be asked.

    `resolve` makes an address absolute, or says that it is none by "".
    """
    if "\xa0" in source or not source.replace("\n", "").replace("\t", "").isprintable() or _OTHER_ENTITY.search(source):
        return None
    if "<" in source:
        writer = _Writer()
        if not writer.take(source.lstrip(), resolve):
            return None
        markup, text = "".join(writer.markup), "".join(writer.text)
    else:
        lines = source.strip().splitlines()
        markup, text = "<br>".join(line.replace(">", "&gt;") for line in lines), " ".join(lines)
    return markup, html.unescape(text) if "&" in text else text


class _Writer:
    """Tags and text as HTML 5 reads them, as far as that is simple; `text` has entities as they stand."""

    def __init__(self) -> None:
        self.markup: list[str] = []
        self.text: list[str] = []
        self._opened: list[str] = []

    def take(self, source: str, resolve: Callable[[str], str]) -> bool:
        """Write all of it; False where it is not simple."""
        position = 0
        for match in _TOKEN.finditer(source):
            if not self._said(source[position : match.start()]) or not self._took(match, resolve):
                return False
            position = match.end()
        rest = source[position:]
        if not self._said(rest if self._opened else rest.rstrip()):
            return False
        while self._opened:
            self._close()
        return True

    def _took(self, match: re.Match[str], resolve: Callable[[str], str]) -> bool:
        """Write a tag; False where it stands where HTML 5 would move it."""
        if match["br"]:
            self._tag("br", "<br>")
            return True
        if match["href"]:
            address = resolve(match["href"])
            return bool(address) and "&" not in address and self._begun("a", f'<a href="{address}">')
        if match["a"] or match["end"]:
            return self._ended(match["name"] or "a")
        return self._begun(match["name"], f"<{match['name']}>")

    def _said(self, text: str) -> bool:
        if "<" in text:
            return False
        if text:
            self.markup.append(text.replace(">", "&gt;") if ">" in text else text)
            self.text.append(text)
        return True

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
        if name == "a" and opened and "a" not in opened:
            return True  # the end of a link that has ended already
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
        self.markup.append(tag)
        if name in _BLOCKS or name == "br":
            self.text.append(" ")
