"""HTML from records, made safe without losing words.

Records mix HTML with plain text that is no HTML (`|eta| < 2.4`, `std::vector<float>`), so a sanitiser alone would drop
words as unknown tags. Here everything that is not a known tag is text first; the sanitiser (nh3) comes after; and what
a reader sees before and after is compared.

The tags and attributes left are those of InvenioRDM's default configuration (`ALLOWED_HTML_TAGS` of invenio-config), so
that the target has nothing to take away. Tags it does not take become their nearest relative.
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import nh3

from cern_assets.metadata.nesting import MOST_NESTING, nesting
from cern_assets.metadata.plain_markup import plain_markup
from cern_assets.metadata.text import LONGEST_TEXT, SHORT, without_unseen

_ALLOWED = {
    *("a", "abbr", "acronym", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "i", "li"),
    *("ol", "p", "pre", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th", "tr", "u", "ul"),
}
_ATTRIBUTES = {"a": {"href", "name", "title"}, "abbr": {"title"}, "acronym": {"title"}}
_SCHEMES = {"http", "https", "mailto"}
_RELATIVES = {
    relative: allowed
    for allowed, relatives in {
        "br": ("hr",),
        "code": ("kbd", "samp", "tt"),
        "div": ("address", "article", "aside", "center", "dd", "dl", "dt", "figcaption", "figure", "main", "section"),
        "em": ("cite", "dfn"),
        "h5": ("h6",),
        "i": ("var",),
        "p": ("caption",),
        "strike": ("del", "s"),
        "tbody": ("tfoot", "thead"),
        "u": ("ins",),
    }.items()
    for relative in relatives
}
_UNWRAPPED = {"big", "body", "col", "colgroup", "font", "head", "html", "label", "mark", "small", "wbr"}
_EMBEDDED = {"iframe": "page", "img": "image"}
_KNOWN = _ALLOWED | _RELATIVES.keys() | _UNWRAPPED | _EMBEDDED.keys()
_INLINE = {"a", "abbr", "acronym", "b", "code", "em", "i", "span", "strike", "strong", "sub", "sup", "u"}

_ATTRIBUTE = (
    r"""\s+(?:[a-z_:][\w:.-]*\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)|allowfullscreen|border|compact|noshade|nowrap)"""
)
_TOKEN = re.compile(
    rf"""<(?P<silent>script|style)\b[^<>]*>(?:(?!<(?:script|style)\b).)*?</(?P=silent)\s*>
    | <!--(?:(?!<!--).)*?--> | <!doctype[^<>]*>
    | <(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?:{_ATTRIBUTE})*)\s*/?>""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_EMPTY_PARAGRAPH = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")
_QUOTES = "\"'\u2018\u2019\u201c\u201d\u201e"
_TYPOGRAPHIC = re.compile(
    rf"(<a\s+href\s*=\s*)[{_QUOTES}]+([^\s<>{_QUOTES}]{{1,2000}})[{_QUOTES}]+(?=[\s>])", re.IGNORECASE
)
_STRETCH = 10_000
"""Characters of text in a row, and of one tag's attributes."""
_REMEMBERED = 10_000
"""Characters of a text that is remembered: thousands of records say the same of how they were made."""
_MOST_REMEMBERED = 500
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?=/)")
_PATH = r"(?:/(?!\.)[A-Za-z0-9_=+%~.-]+)*/?(?:\?[A-Za-z0-9_=&+%~.-]+)?(?:\#[A-Za-z0-9_=+%~.-]+)?"
_WHOLE_ADDRESS = re.compile(rf"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*{_PATH}")
_PATH_FROM_ROOT = re.compile(rf"(?=/[A-Za-z0-9]){_PATH}")
_TAG = re.compile(r"""</?(?P<name>[a-z][a-z0-9]*)(?:"[^"]*"|[^<>"])*>""")
_VALUE = r"""\s{}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))"""
_HREF, _SRC, _ALT = (re.compile(_VALUE.format(name), re.IGNORECASE) for name in ("href", "src", "alt"))


class Markup(NamedTuple):
    """Safe HTML, the text a reader sees in it, and in words what could not be kept."""

    html: str
    text: str
    losses: tuple[str, ...]


_CLEANED: dict[tuple[str, str], Markup] = {}
"""What was cleaned last, by text and origin of its page, where no more of the page counts; emptied when it is full."""


def clean_markup(source: str, *, base_url: str | Callable[[], str], origin: str = "") -> Markup:
    """Make HTML or plain text from a record safe to show; links are resolved against `base_url`, the record's page.

    The page's address may be a function, which is asked only where a link needs more of it than the `origin`.
    Line ends of text without any tag become `<br>`, and paragraphs without a word go. An address in typographic quotes
    (`<a href=“...”>`) is in quotes again. An image or embedded page becomes a link, as InvenioRDM shows none.
    What is longer than `LONGEST_TEXT`, or nested so deeply that sanitisers take quadratic time, is given as plain text.
    """
    if len(source) > LONGEST_TEXT:
        return _plain(source, f"longer than {LONGEST_TEXT:,} characters")
    if not origin:
        base_url = base_url if isinstance(base_url, str) else base_url()
        matched = _ORIGIN.match(base_url)
        origin = matched[0] if matched else ""
    key = (source, origin or str(base_url))
    known = _CLEANED.get(key)
    if known is not None:
        return known
    base = _Base(base_url, origin)
    made = _cleaned(source, base)
    if not base.is_needed and len(source) <= _REMEMBERED:
        if len(_CLEANED) >= _MOST_REMEMBERED:
            _CLEANED.clear()
        _CLEANED[key] = made
    return made


def _cleaned(source: str, base: "_Base") -> Markup:
    plain = plain_markup(source, base.resolved)
    made = Markup(plain[0], plain[1], ()) if plain is not None else _sanitised(source, base)
    if _EMPTY_PARAGRAPH.search(made.html):
        without = _EMPTY_PARAGRAPH.sub(" ", made.html).strip()
        made = made._replace(html=without, text=visible_text(without))
    # In HTML without any tag, InvenioRDM resolves entities, and would take `&lt;i&gt;` for a tag.
    if "&" in made.html and "<" not in made.html:
        return made._replace(html=f"<p>{made.html}</p>", text=f" {made.text} ")
    return made


class _Base:
    """The page that addresses are relative to; `is_needed` tells whether more of it than its origin was."""

    def __init__(self, url: str | Callable[[], str], origin: str) -> None:
        self._url = url
        self._origin = origin
        self.is_needed = False

    def resolved(self, address: str) -> str:
        """Resolve an address as a browser would; empty if it is none, or of a scheme that is not let through."""
        # Most addresses are absolute already, or a path from the root, without anything odd.
        if _WHOLE_ADDRESS.fullmatch(address):
            return address
        if self._origin and _PATH_FROM_ROOT.fullmatch(address):
            return f"{self._origin}{address}"
        self.is_needed = True
        url = self._url if isinstance(self._url, str) else self._url()
        return (_short_absolute if len(address) <= SHORT else _absolute)(url, address)


def _sanitised(source: str, base: _Base) -> Markup:
    source = _TYPOGRAPHIC.sub(r'\1"\2"', source) if "\u201c" in source or "\u201d" in source else source
    pieces = _pieces(without_unseen(source.replace("\xa0", " ")), base)
    if nesting(piece.tag for piece in pieces if piece.tag) > MOST_NESTING:
        return _plain("".join(piece.seen for piece in pieces), "nested too deeply")
    if len(pieces) == 1 and not pieces[0].markup.startswith("<"):
        pieces = [_Piece("<br>".join(pieces[0].markup.strip().splitlines()), pieces[0].seen)]
    safe = nh3.clean(
        "".join(piece.markup for piece in pieces),
        tags=_ALLOWED,
        attributes=_ATTRIBUTES,
        attribute_filter=lambda _, name, value: base.resolved(value) if name == "href" else value,
        url_schemes=_SCHEMES,
        link_rel=None,
    ).strip()
    text = visible_text(safe)
    losses = [piece.loss for piece in pieces if piece.loss]
    if text.split() != "".join(piece.seen for piece in pieces).split():
        losses.append("the text shown is not the text of the source")
    return Markup(safe, text, tuple(losses))


def visible_text(markup: str) -> str:
    """Give the words that a reader sees in HTML as the sanitiser writes it; tags of blocks part words."""
    return html.unescape(_TAG.sub(lambda tag: "" if tag["name"] in _INLINE else " ", markup))


def _plain(text: str, why: str) -> Markup:
    shown = text.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup("<br>".join(shown.splitlines()), text, (f"its markup, which is {why}",))


class _Piece(NamedTuple):
    """A tag or a stretch of text: how it is written, what a reader sees of it, and what was lost with it."""

    markup: str
    seen: str = ""
    loss: str = ""
    tag: str = ""


def _pieces(source: str, base: _Base) -> list[_Piece]:
    pieces: list[_Piece] = []
    position = 0
    for match in _TOKEN.finditer(source):
        name = match["name"]
        if name is not None and name.lower() not in _KNOWN:
            continue
        pieces.append(_text(source[position : match.start()]))
        position = match.end()
        if name is not None:
            pieces.append(_tag(name.lower(), match["end"], match["attributes"], base))
    pieces.append(_text(source[position:]))
    return [piece for piece in pieces if piece.markup or piece.loss]


def _text(source: str) -> _Piece:
    return _Piece(_in_stretches(source.replace("<", "&lt;").replace(">", "&gt;")), html.unescape(source))


def _in_stretches(text: str) -> str:
    """Part long text by comments, which are taken out again: nh3 moves all that follows for each character of Latin-1.

    They stand behind a character that is not ASCII, and so in no entity.
    """
    if len(text) <= _STRETCH or text.isascii():
        return text
    cuts = [0]
    while match := _NOT_ASCII.search(text, cuts[-1] + _STRETCH):
        cuts.append(match.end())
    return "<!---->".join(text[start:end] for start, end in pairwise([*cuts, len(text)]))


def _tag(name: str, end: str, attributes: str, base: _Base) -> _Piece:
    if name in _UNWRAPPED or (end and name in _EMBEDDED):
        return _Piece("")
    if name in _EMBEDDED:
        return _embedded(_EMBEDDED[name], attributes, base)
    name = _RELATIVES.get(name, name)
    if len(attributes) > _STRETCH:
        return _Piece(
            f"<{name}>", "" if name in _INLINE else " ", f"attributes of {len(attributes):,} characters", name
        )
    href = _value(_HREF, attributes) if name == "a" else ""
    loss = f"a link to {href[:80]}" if href and not base.resolved(href) else ""
    return _Piece(f"<{end}{name}{'' if end else attributes}>", "" if name in _INLINE else " ", loss, f"{end}{name}")


def _embedded(kind: str, attributes: str, base: _Base) -> _Piece:
    address = _value(_SRC, attributes)
    target = base.resolved(address) if address else ""
    if not target:
        return _Piece("", loss=f"an embedded {kind} at {address[:80] or 'no address'}")
    label = f"[{kind}: {_value(_ALT, attributes) or target.rsplit('/', 1)[-1]}]"
    return _Piece(f'<a href="{html.escape(target)}">{html.escape(label)}</a>', label)


def _value(pattern: re.Pattern[str], attributes: str) -> str:
    match = pattern.search(attributes)
    return html.unescape(next(value for value in match.groups() if value is not None)).strip() if match else ""


def _absolute(base_url: str, address: str) -> str:
    """Resolve an address as a browser would; empty if it is none, or of a scheme that is not let through."""
    try:
        target = urljoin(base_url, address)
        return target if urlsplit(target).scheme in _SCHEMES else ""
    except ValueError:
        return ""


_short_absolute = lru_cache(4_096)(_absolute)
"""The same addresses stand in many texts."""
