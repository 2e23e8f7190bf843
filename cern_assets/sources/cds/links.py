"""What a record of CDS names besides itself: other records, pages, the record that it is part of."""

import re
from urllib.parse import quote

from cern_assets.errors import RecordNotFoundError
from cern_assets.metadata.identifiers import is_url
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.model.values import Json
from cern_assets.sources.cds.converters import record_url
from cern_assets.sources.cds.files import own_file
from cern_assets.sources.cds.kinds import relation
from cern_assets.sources.cds.recids import parse_recid

_TAGS = ("775__", "780__", "785__", "787__", "7870_", "962__", "773__", "774__")
RECORDS = (*(f"{tag}[].{code}[]" for tag in _TAGS for code in ("w", "i", "u")), "962__[].b[]")
_FIXED = {"773__": "ispartof", "774__": "haspart", "780__": "continues", "785__": "iscontinuedby", "962__": "ispartof"}
_CONFERENCE = re.compile(r"C\d\d-\d\d-\d\d(?:\.\d+)?", re.ASCII | re.IGNORECASE)
"""What INSPIRE calls a conference, which stands where a record's number may stand."""


def records(reading: Reading) -> Converted:
    """Relate other records by their number (w) and pages by their address (u).

    773 and 962 name what the record is part of, 774 its parts, 780 what it continues, 785 what continues it; else the
    word in i says how.
    """
    found: list[Json] = []
    unused: list[Unused] = []
    apart: list[Leaf] = []
    for tag in _TAGS:
        for item in reading.items(f"{tag}[]"):
            kind = _FIXED.get(tag) or relation(item.text("i[]"))
            for leaf in (*item.all("w[]"), *item.all("b[]"), *item.all("u[]")):
                address = _address(leaf)
                if _CONFERENCE.fullmatch(leaf.text):
                    apart.append(leaf)
                elif address:
                    found.append({"scheme": "url", "identifier": address, "relation_type": {"id": kind}})
                else:
                    unused.append(Unused(leaf, "link-unusable", "Neither a record's number nor an address."))
    return Converted(found, tuple(unused), apart=tuple(apart))


def pages(reading: Reading) -> Converted:
    """Relate the pages that field 856 names, by their addresses as they are; the record's own files are its files."""
    found: list[Json] = []
    unused: list[Unused] = []
    apart: list[Leaf] = []
    for leaf in reading.all("8564_[].u[]"):
        if own_file(leaf.text, reading.recid) is not None:
            apart.append(leaf)
            continue
        address = _written(leaf.text)
        if address:
            found.append({"scheme": "url", "identifier": address, "relation_type": {"id": "references"}})
        else:
            unused.append(Unused(leaf, "link-unusable", "This is no http(s) address."))
    return Converted(found, tuple(unused), apart=tuple(apart))


def _address(leaf: Leaf) -> str:
    if not leaf.pattern.endswith(".u[]"):
        try:
            return record_url(parse_recid(leaf.text))
        except RecordNotFoundError:
            return ""
    return _written(leaf.text)


def _written(address: str) -> str:
    """An address with its blanks encoded, which CDS writes as they are; "" for what is none."""
    encoded = quote(address, safe="%/:?#[]@!$&'()*+,;=~") if any(letter.isspace() for letter in address) else address
    return encoded if is_url(encoded) else ""
