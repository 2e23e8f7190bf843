"""What of CDS's records is left behind on purpose, and why."""

from cern_assets.metadata.rows import Drop
from cern_assets.sources.cds.tags import fields

_PEOPLE = ("100__", "700__", "701__", "720__")

DROPS = (
    Drop(
        reads=tuple(pattern for tag in _PEOPLE for pattern in fields(tag, "0i")),
        reason="InvenioRDM knows ORCID, ISNI, GND and ROR for people, neither INSPIRE's nor CERN's ids.",
    ),
    Drop(
        reads=tuple(pattern for tag in _PEOPLE for pattern in fields(tag, "t")),
        reason="An id of the affiliation, whose name is carried; the target is asked whether it knows the body.",
    ),
    Drop(
        reads=(
            *(f"{tag}[].m[]" for tag in (*_PEOPLE, "270__", "506__", "506_1", "5061_", "905__", "906__")),
            *(*fields("859__", "fa"), *fields("8560_", "f"), *fields("937__", "s"), *fields("270__", "p")),
            *fields("905__", "ap"),
        ),
        reason="An e-mail address or an account: personal data.",
    ),
    Drop(
        reads=(
            *(*fields("595__", "abcdisz"), *fields("562__", "c"), *fields("591__", "c"), *fields("594__", "a")),
            *(*fields("597__", "a"), *fields("599__", "a")),
        ),
        reason="An internal note of CDS's cataloguers, which the public must not see; the raw record has it.",
    ),
    Drop(
        reads=(
            *(*fields("0248_", "apq"), *fields("0248__", "apq"), *fields("035__", "dhmtuz"), *fields("937__", "ac")),
            *(*fields("960__", "a"), *fields("961__", "abchlx"), *fields("981__", "a"), *fields("916__", "sdeya")),
            *(*fields("999C6", "atv"), *fields("925__", "c"), *fields("970__", "d"), *fields("980__", "c")),
            *(*fields("909C0", "ypbos"), *fields("909C1", "u"), *fields("909CS", "sw"), *fields("909CO", "op")),
            *(*fields("914__", "a"), *fields("963__", "b")),
        ),
        reason="How CDS harvested, catalogued and served the record.",
    ),
    Drop(
        reads=(*fields("852__", "abchpx9"), *fields("866__", "ab")),
        reason="On which shelf of the library a copy stands.",
    ),
    Drop(reads=fields("FFT__", "andfrstxz"), reason="An order to take a file; the record's files have it."),
    Drop(
        reads=(
            *(*fields("65017", "29"), *fields("65027", "2"), *fields("650_7", "20"), *fields("6531_", "9")),
            *(*fields("653__", "9"), *fields("694__", "9"), *fields("695__", "92"), *fields("693__", "9")),
            *(*fields("245__", "9"), *fields("520__", "9"), *fields("500__", "9"), *fields("0247_", "9")),
            *(pattern for tag in (*_PEOPLE, "710__") for pattern in fields(tag, "9")),
            *(*fields("5061_", "25f"), *fields("506_1", "25f"), *fields("999C5", "09z1")),
        ),
        reason="Which system or scheme stated the field beside it, whose value is carried.",
    ),
    Drop(
        reads=(*fields("088__", "9"), *fields("037__", "92")),
        reason="Which system gave the report number, or a number that CDS keeps hidden.",
    ),
    Drop(
        reads=fields("8564_", "s8xqm"),
        reason="Of a file or an icon of the record: the record's files have it.",
    ),
)
