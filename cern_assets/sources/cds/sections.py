"""What InvenioRDM has no field for: further abstracts, notes, contents, and tables of the rest: none is lost."""

from cern_assets.metadata.described import Labels, prose_of, table_of, tabled
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted
from cern_assets.sources.cds.converters import record_url
from cern_assets.sources.cds.files import own_file

PUBLISHED: Labels = {
    "Journal": ("773__[].p[]", "909C4[].p[]", "913__[].t[]", "913__[].p[]"),
    "Volume": ("773__[].v[]", "909C4[].v[]", "913__[].v[]"),
    "Issue": ("773__[].n[]", "909C4[].n[]"),
    "Pages": ("773__[].c[]", "909C4[].c[]", "913__[].c[]", "962__[].k[]"),
    "Year": ("773__[].y[]", "909C4[].y[]", "913__[].y[]"),
    "Conference": ("773__[].w[]", "773__[].q[]", "962__[].n[]"),
    "In": (
        "773__[].t[]",
        "773__[].o[]",
        "773__[].r[]",
        "773__[].m[]",
        "773__[].0[]",
        "773__[].g[]",
        "962__[].t[]",
        "774__[].a[]",
    ),
    "Part": ("774__[].g[]", "246__[].n[]", "246__[].p[]", "210__[].n[]"),
    "Edition": ("250__[].a[]",),
    "Place": ("260__[].a[]", "269__[].a[]"),
    "Book": ("020__[].u[]", "020__[].q[]", "020__[].b[]"),
    "Degree": ("502__[].a[]",),
    "University": ("502__[].b[]",),
    "Meeting": ("111__[].a[]", "711__[].a[]", "111__[].n[]", "711__[].n[]", "111__[].b[]", "711__[].b[]"),
    "Held in": ("111__[].c[]", "711__[].c[]", "518__[].r[]", "518__[].l[]", "518__[].h[]"),
    "Held on": ("111__[].d[]", "711__[].d[]"),
    "Held from": ("111__[].9[]", "711__[].9[]", "518__[].d[]"),
    "Held until": ("111__[].z[]", "711__[].z[]", "111__[].f[]", "711__[].f[]"),
    "Event": ("111__[].g[]", "711__[].g[]", "518__[].g[]", "518__[].a[]"),
    "From and to (years, days or issues)": ("925__[].a[]", "925__[].b[]"),
    "Number in the series": ("916__[].z[]",),
}
STATED: Labels = {
    "Collections": ("690C_[].a[]", "697C_[].a[]", "690C_[].b[]", "697C_[].b[]", "980__[].a[]", "980__[].b[]"),
    "Access": ("963__[].a[]", "591__[].a[]", "591__[].b[]", "5061_[].a[]", "506_1[].a[]", "506__[].a[]"),
    "Access is granted to": ("5061_[].d[]", "506_1[].d[]", "506__[].d[]"),
    "Access to files": ("file_status[]",),
    "Roles": ("100__[].e[]", "700__[].e[]", "720__[].e[]", "701__[].e[]"),
    "Reviewed by": ("906__[].p[]", "906__[].a[]"),
    "Reviewers' institutes": ("906__[].u[]",),
    "Approval": (
        "903__[].a[]",
        "9031_[].a[]",
        "9031_[].d[]",
        "9031_[].b[]",
        "9031_[].s[]",
        "583__[].a[]",
        "583__[].c[]",
        "583__[].z[]",
    ),
    "Work package": ("65017[].b[]",),
    "Openness of the grant": ("536__[].r[]",),
    "Model of open access": ("540__[].f[]", "540__[].g[]"),
    "Copyright of": ("542__[].3[]",),
    "Abbreviation": ("246__[].i[]", "246_1[].i[]", "246_3[].i[]"),
    "Units": ("110__[].b[]", "110__[].5[]", "110__[].u[]", "710__[].u[]"),
    "Carrier": ("340__[].9[]",),
    "Catalogued in week": ("916__[].w[]",),
    "Relation": tuple(
        f"{tag}[].{code}[]" for tag in ("775__", "780__", "785__", "787__", "7870_") for code in ("i", "r", "b", "c")
    ),
}


def abstracts(reading: Reading) -> Converted:
    """Further abstracts, as `abstract`; the first one is the description. The Bulletin has French ones (590)."""
    stated = reading.all("520__[].a[]")
    others = [
        leaf for tag, code in (("520__", "b"), ("590__", "a"), ("590__", "b")) for leaf in _of(reading, tag, code)
    ]
    made = prose_of((*stated[1:], *others), "abstract", record_url(reading.recid))
    return Converted(made.value, made.unused, made.findings, apart=stated[:1])


def notes(reading: Reading) -> Converted:
    """Notes, as `other`."""
    return prose_of(reading.leaves, "other", record_url(reading.recid))


def contents(reading: Reading) -> Converted:
    """Tables of contents."""
    return prose_of(reading.leaves, "table-of-contents", record_url(reading.recid))


def series(reading: Reading) -> Converted:
    """Series with the number in it, as `series-information`."""
    rows = [(item.text("a[]"), item.text("v[]")) for item in reading.items("490__[]")]
    words = [(name, number or "-") for name, number in rows if name or number]
    return tabled("series-information", "Series", words)


def published(reading: Reading) -> Converted:
    """Where and how it appeared: journal, book, thesis, meeting."""
    return table_of(reading, PUBLISHED, "series-information", "Publication")


def stated(reading: Reading) -> Converted:
    """What CDS says of the record itself: collections, access in its own words, roles, reviewers."""
    return table_of(reading, STATED, "other", "At CDS")


def links(reading: Reading) -> Converted:
    """Labels and notes of the links of field 856; those of the record's own files are left to the files."""
    rows: list[tuple[str, str]] = []
    apart: list[Leaf] = []
    for item in reading.items("8564_[]"):
        address = item.text("u[]")
        label = ", ".join(leaf.text for code in ("y[]", "3[]", "z[]") for leaf in item.all(code))
        if address and label and own_file(address, reading.recid) is None:
            rows.append((label, address))
        else:
            apart += item.leaves
    return Converted(tabled("other", "Links", rows).value, apart=tuple(apart))


def media(reading: Reading) -> Converted:
    """Files of the media archive (856 7), which the dump names and does not list."""
    rows = []
    for item in reading.items("8567_[]"):
        place = ", ".join(leaf.text for code in ("u[]", "d[]") for leaf in item.all(code))
        what = ", ".join(dict.fromkeys(leaf.text for code in ("y[]", "x[]", "2[]") for leaf in item.all(code)))
        rows.append((what, place))
    return tabled("technical-info", "Media archive", [row for row in rows if any(row)])


def _of(reading: Reading, tag: str, code: str) -> tuple[Leaf, ...]:
    return reading.all(f"{tag}[].{code}[]")
