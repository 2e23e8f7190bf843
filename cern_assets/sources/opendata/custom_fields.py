"""The rows of CERN Open Data for the custom fields of the profile `cern`, and the functions that make their values.

What a custom field cannot take (a text in the place of a number, a word that the vocabulary lacks) is no reason to stop
a record: every fact is carried as a subject, a size, a date or a text besides.
"""

import math
import re
from collections.abc import Callable

from cern_assets.metadata.bodies import preferred
from cern_assets.metadata.custom_fields import declared, target_of
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.ranges import number_ranges
from cern_assets.metadata.rows import Converted, Row, Unused
from cern_assets.model.values import Json
from cern_assets.sources.opendata.sections import ranged

_LONGEST = 8_000
"""Characters of a keyword: what the search engine indexes whole has at most 32,766 bytes."""

_MOST = 2**63 - 1
_LEFT_OUT = "custom-field-left-out"
_NICKNAME = re.compile(r"DELPHI (?:collision|simulation) data (\S+)")
_VERSION = re.compile(r"\(Version (v\w{1,32})\)")
_ENERGY = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))? ?(GeV|TeV)")
_MEV = {"GeV": 1_000, "TeV": 1_000_000}


def word(reading: Reading) -> Converted:
    """Take the first text."""
    found = words(reading)
    return Converted(found.value[0] if isinstance(found.value, list) and found.value else None, found.unused)


def words(reading: Reading) -> Converted:
    """Take every text once, in order."""
    short: dict[str, Json] = {leaf.text: leaf.text for leaf in reading.leaves if len(leaf.text) <= _LONGEST}
    reason = f"Longer than {_LONGEST} characters, which no custom field takes; carried elsewhere."
    return Converted(
        list(short.values()), tuple(_left_out(leaf, reason) for leaf in reading.leaves if len(leaf.text) > _LONGEST)
    )


def accelerator(reading: Reading) -> Converted:
    """Take the accelerator in its one spelling."""
    found = word(reading)
    return Converted(preferred(found.value) if isinstance(found.value, str) else None, found.unused)


def integer(reading: Reading) -> Converted:
    """Take a whole number of at most 64 bits."""
    return _first(reading, _integer, "No whole number of 64 bits; carried elsewhere.")


def number(reading: Reading) -> Converted:
    """Take a number."""
    return _first(reading, _number, "No number; carried elsewhere.")


def collision_type(reading: Reading) -> Converted:
    """Take the term that the record's spelling stands for."""
    return _first(reading, _collision_type, "No term of `cerncollisiontypes`; carried elsewhere.")


def energy_from(reading: Reading) -> Converted:
    """Take the lower end of the energy, or the one energy, in GeV."""
    return Converted(_energies(reading.text("collision_information.energy"))[0])


def energy_to(reading: Reading) -> Converted:
    """Take the upper end of the energy, or the one energy, in GeV."""
    return Converted(_energies(reading.text("collision_information.energy"))[1])


def nickname(reading: Reading) -> Converted:
    """Take the nickname by which DELPHI's software finds data, which ends the title."""
    found = _NICKNAME.fullmatch(reading.text("title"))
    return Converted(found[1] if found else None)


def run_numbers(reading: Reading) -> Converted:
    """Take runs, those that follow each other as a range: a record may name tens of thousands."""
    found: list[Json] = list(number_ranges([leaf.text for leaf in reading.leaves if len(leaf.text) <= _LONGEST]))
    return Converted(found, computed=ranged(reading))


def processing(reading: Reading) -> Converted:
    """Take the version of the processing that the text names (DELPHI's), or the types of the steps in order."""
    stated: list[Json] = list(dict.fromkeys(_VERSION.findall(reading.text("methodology.description"))))
    steps = words(reading.only("methodology.steps[].type"))
    return Converted(stated, steps.unused) if stated else steps


def _first(reading: Reading, read: Callable[[str], Json], reason: str) -> Converted:
    """What the first leaf says, read so; None, and the reason is told."""
    for leaf in reading.leaves[:1]:
        value = read(leaf.text)
        return Converted(value) if value is not None else Converted(unused=(_left_out(leaf, reason),))
    return Converted()


def _integer(text: str) -> Json:
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= _MOST else None


def _number(text: str) -> Json:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _collision_type(text: str) -> Json:
    term = declared().vocabularies["cerncollisiontypes"].term_of(text)
    return {"id": term} if term else None


def _energies(text: str) -> tuple[float | None, float | None]:
    found = _ENERGY.fullmatch(text)
    if found is None:
        return None, None
    # In whole MeV, as 5.02 * 1000 is no round number.
    low, high = (round(float(each) * _MEV[found[3]]) / 1_000 for each in (found[1], found[2] or found[1]))
    return low, high


def _left_out(leaf: Leaf, reason: str) -> Unused:
    return Unused(leaf, _LEFT_OUT, reason, "note")


_ROWS = (
    ("experiment", ("experiment[]",), words, "As they stand."),
    ("accelerator", ("accelerator",), accelerator, "In its one spelling."),
    ("collision_type", ("collision_information.type",), collision_type, "By the vocabulary."),
    ("collision_energy", ("collision_information.energy",), word, "As it stands."),
    ("collision_energy_min_gev", ("collision_information.energy",), energy_from, "`89-94 GeV`, `13TeV`."),
    ("collision_energy_max_gev", ("collision_information.energy",), energy_to, "`89-94 GeV`, `13TeV`."),
    ("data_format", ("distribution.formats[]",), words, "As they stand."),
    ("nickname", ("title",), nickname, "The last word of the titles of DELPHI's data."),
    ("category", ("categories.primary",), word, "As it stands."),
    ("subcategory", ("categories.secondary[]",), words, "As they stand."),
    ("category_source", ("categories.source",), word, "As it stands."),
    ("run_period", ("run_period[]",), words, "As they stand."),
    ("run_numbers", ("run_numbers[]",), run_numbers, "Those that follow each other as a range."),
    ("number_of_events", ("distribution.number_events",), integer, "As it stands."),
    ("number_of_entries", ("distribution.number_entries",), integer, "As it stands."),
    ("number_of_files", ("distribution.number_files",), integer, "As it stands."),
    ("size_bytes", ("distribution.size",), integer, "As it stands."),
    (
        "processing",
        ("methodology.description", "methodology.steps[].type"),
        processing,
        "A version that the text names (`Version v91f1`), else the types of the steps.",
    ),
    ("software_release", ("methodology.steps[].release", "system_details.release"), words, "Each once, in order."),
    ("global_tag", ("methodology.steps[].global_tag", "system_details.global_tag"), words, "Each once, in order."),
    ("generator", ("methodology.steps[].generators[]",), words, "Each once, in order."),
    ("signature", ("signature[]",), words, "As they stand."),
    ("magnet_polarity", ("magnet_polarity",), word, "As it stands."),
    ("stripping_stream", ("stripping.stream",), word, "As it stands."),
    ("stripping_version", ("stripping.version",), word, "As it stands."),
    ("stripping_line", ("stripping.line",), word, "As it stands."),
    ("cross_section_pb", ("cross_section.total_value",), number, "As a number."),
    ("cross_section_uncertainty_pb", ("cross_section.total_value_uncertainty",), number, "As a number."),
    ("filter_efficiency", ("cross_section.filter_efficiency",), number, "As a number."),
    ("filter_efficiency_error", ("cross_section.filter_efficiency_error",), number, "As a number."),
    ("matching_efficiency", ("cross_section.matching_efficiency",), number, "As a number."),
    ("matching_efficiency_error", ("cross_section.matching_efficiency_error",), number, "As a number."),
    ("negative_weight_fraction", ("cross_section.neg_weight_fraction",), number, "As a number."),
    ("confdb_id", ("cms_confdb_id",), word, "As it stands."),
    ("rucio_dataset", ("rucio_dataset",), word, "As it stands."),
    ("collection", ("collections[]",), words, "As they stand."),
)
_DERIVED = frozenset((collision_type, energy_from, energy_to, nickname, processing))
ROWS = tuple(
    Row(reads=reads, target=target_of(name), convert=convert, note=note, derives=convert in _DERIVED)
    for name, reads, convert, note in _ROWS
)
