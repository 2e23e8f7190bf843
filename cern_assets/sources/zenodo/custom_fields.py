"""The rows of Zenodo for InvenioRDM's own custom fields: where a work was published and presented.

Custom fields stand besides: all that they say stands in tables of descriptions too.
"""

from cern_assets.metadata.custom_fields import target_of_own
from cern_assets.metadata.identifiers import is_url
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted, Row
from cern_assets.metadata.schemes import identified
from cern_assets.model.values import Json


def journal(reading: Reading) -> Converted:
    """The journal; its year has no place there."""
    return _made(reading, {name: (f"journal.{name}", f"journal_{name}") for name in _JOURNAL})


def imprint(reading: Reading) -> Converted:
    """ISBN and place of the book that it is a part of, with the book's title and the pages there."""
    of_book = {name: (f"imprint.{name}", f"imprint_{name}") for name in ("isbn", "place")}
    return _made(reading, {**of_book, **{name: (f"part_of.{name}", f"partof_{name}") for name in ("title", "pages")}})


def meeting(reading: Reading) -> Converted:
    """The conference."""
    return _made(reading, {name: (f"meeting.{name}", f"conference_{name}") for name in _MEETING})


def thesis(reading: Reading) -> Converted:
    """The university of a thesis."""
    return _made(reading, {"university": ("thesis.university", "thesis_university")})


def _made(reading: Reading, parts: dict[str, tuple[str, ...]]) -> Converted:
    """An object of parts, each from the first of its spellings; what InvenioRDM drops stands in the table alone."""
    made: dict[str, Json] = {}
    apart: list[Leaf] = []
    for name, spellings in parts.items():
        for leaf in (leaf for spelling in spellings for leaf in reading.all(spelling)):
            value = _kept(name, leaf.text)
            if name in made or not value:
                apart.append(leaf)
            else:
                made[name] = value
    return Converted(made or None, apart=tuple(apart))


def _kept(name: str, text: str) -> str:
    if name in ("isbn", "issn"):
        scheme, number = identified(text, name)
        return number if scheme == name else ""
    return text if name != "url" or is_url(text) else ""


_JOURNAL = ("title", "volume", "issue", "pages", "issn")
_MEETING = ("title", "acronym", "dates", "place", "session", "session_part", "url")
_OTHER_OF = {"meeting": "conference", "part_of": "partof"}


def _spellings(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    other = _OTHER_OF.get(prefix, prefix)
    return tuple(each for name in names for each in (f"{prefix}.{name}", f"{other}_{name}"))


BIBLIOGRAPHIC = (
    Row(
        reads=_spellings("journal", _JOURNAL),
        target=target_of_own("journal"),
        convert=journal,
        note="As it stands; an ISSN with a wrong check digit and the year stand in the table alone.",
        derives=True,
    ),
    Row(
        reads=(*_spellings("imprint", ("isbn", "place")), *_spellings("part_of", ("title", "pages"))),
        target=target_of_own("imprint"),
        convert=imprint,
        note="The book that it is a part of; an ISBN with a wrong check digit stands in the table alone.",
        derives=True,
    ),
    Row(
        reads=_spellings("meeting", _MEETING),
        target=target_of_own("meeting"),
        convert=meeting,
        note="As it stands; what is no address of a website stands in the table alone.",
    ),
    Row(
        reads=_spellings("thesis", ("university",)),
        target=target_of_own("thesis"),
        convert=thesis,
        note="The university.",
    ),
)
