"""Text as it stands in real records: blanks of all kinds, characters nobody sees, halves of characters."""

import re
from functools import lru_cache

import ftfy

_SHORT = 80
_UNSEEN = dict.fromkeys([*range(9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0), 0x200B, 0x2060, 0xFEFF])
_NOT_ENCODABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def without_unseen(text: str) -> str:
    """Drop control and zero-width characters; what no encoding takes (lone surrogates) becomes U+FFFD.

    Joiners (U+200C, U+200D) stay, as they change how words of some scripts look.
    """
    if text.isprintable():  # nearly always, and many times faster than looking at each character
        return text
    return _NOT_ENCODABLE.sub("\ufffd", text).translate(_UNSEEN)


def one_line(text: str) -> str:
    """Give the same words with one plain blank between them; no-break spaces and line ends are blanks."""
    return _short_line(text) if len(text) <= _SHORT else _line(text)


def as_kept(text: str) -> str:
    """Give a text as InvenioRDM keeps it: its `sanitize_unicode` straightens quotes and mends broken encodings by ftfy.

    What it would change is changed before it is sent, so that the record that comes back is the one that was sent.
    """
    return text if text.isascii() else ftfy.fix_text(text)


def _line(text: str) -> str:
    return " ".join(without_unseen(text).split())


_short_line = lru_cache(16_384)(_line)
"""The same few hundred words stand in most records of a source, and are asked for several times of each."""
