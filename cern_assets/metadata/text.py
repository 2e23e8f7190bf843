"""Text as it stands in real records: blanks of all kinds, characters nobody sees, halves of characters."""

import re

import ftfy

LONGEST_TEXT = 1_000_000
"""Characters of one text; the longest known of CERN Open Data has 31,738."""

BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069"
"""Controls that change the order of what is shown, as a range of a regular expression (Unicode TR9, explicit ones)."""

SHORT = 80
"""Characters of a text that is likely to come again."""

_EUROPEAN = re.compile(
    r"""(?:[\x20-\x7e\n]++
    | [\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u0148\u014a-\u017e](?=[\x21-\x7e]|\Z)
    | [\u00e0-\u00f6\u00f8-\u00fe]++(?=[\x21-\x7e]|\ [\x20-\x7e]|\Z))*+""",
    re.VERBOSE,
)
"""Letters of European languages between ASCII characters, which ftfy leaves alone: of UTF-8 that was read as something
else come two characters beside each other, of which the first is no small letter of Latin-1, or one of the range
`\u00c0-\u00df` before what was a no-break space."""

_ORDER = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_UNSEEN = _ORDER | dict.fromkeys(
    [*range(9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0), 0x200B, 0x2060, 0xFEFF]
)
_NOT_ENCODABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def without_unseen(text: str) -> str:
    """Drop control, bidirectional and zero-width characters; what no encoding takes (lone surrogates) becomes U+FFFD.

    Joiners (U+200C, U+200D) stay, as they change how words of some scripts look.
    """
    if text.isprintable():  # nearly always, and many times faster than looking at each character
        return text
    return _NOT_ENCODABLE.sub("\ufffd", text).translate(_UNSEEN)


def one_line(text: str) -> str:
    """Give the same words with one plain blank between them; no-break spaces and line ends are blanks."""
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":  # nearly always
        return text
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(without_unseen(text).split())


def as_kept(text: str) -> str:
    """Give a text as InvenioRDM keeps it: its `sanitize_unicode` straightens quotes and mends broken encodings by ftfy.

    What it would change is changed before it is sent, so that the record that comes back is the one that was sent.
    Bidirectional controls, which it keeps, are left out. Entities it resolves where there is no `<` in the text.
    """
    return text if is_kept(text) else ftfy.fix_text(text.translate(_ORDER))


def is_kept(text: str) -> bool:
    """Whether a text is surely kept as it stands: nearly all are, and are not worth a closer look."""
    if "&" in text and "<" not in text:
        return False
    return text.isascii() or _EUROPEAN.fullmatch(text) is not None
