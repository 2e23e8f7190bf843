"""What existing migrators lose or bend, and the test that proves that we do not."""

from pathlib import Path
from typing import NamedTuple

_SOURCES = Path(__file__).parents[1] / "unit" / "sources"
_ZENODO, _CDS, _OPENDATA = "zenodo/test_crosswalk.py", "cds/test_cds.py", "test_opendata_custom_fields.py"


class Loss(NamedTuple):
    """A loss, what we do, and where that is proven: a file of `cern_assets_tests/unit/sources` and a test in it."""

    what: str
    instead: str
    file: str
    test: str


_KEPT = "test_what_other_migrations_lose_is_kept"
LOSSES = (
    Loss("A latitude or longitude of 0 drops the place", "0 is a coordinate", _ZENODO, "test_zero_is_a_coordinate"),
    Loss("`method` is dropped", "As `methods`", _ZENODO, "test_the_method_is_carried_as_methods"),
    Loss(
        "Grants that are named by `id` are skipped",
        "Each form of a grant is funding",
        _ZENODO,
        "test_a_grant_is_carried_in_each_of_its_forms",
    ),
    Loss(
        "All owners but the first are lost",
        "All in the description",
        _ZENODO,
        "test_every_owner_is_carried_and_no_personal_data_of_the_uploader",
    ),
    Loss(
        "A date with one end becomes a day",
        "Its description says which end",
        _ZENODO,
        "test_a_date_with_one_end_stays_open_in_words",
    ),
    Loss(
        "Organisations become persons",
        "By the name and the role",
        _ZENODO,
        "test_organisations_are_organisations_and_people_are_people",
    ),
    Loss("Closed and restricted become one", "Both words stay", _ZENODO, "test_closed_and_restricted_stay_two_things"),
    Loss(
        "A journal's year, OpenAIRE's subtype and the type of an alternate identifier are dropped",
        "In tables of the description",
        _ZENODO,
        "test_the_year_of_a_journal_and_the_type_of_an_alternate_and_of_openaire_are_not_lost",
    ),
    Loss(
        "An embargo that has ended stays active",
        "It opens the files, with a finding",
        _ZENODO,
        "test_an_embargo_that_has_ended_is_not_kept_active",
    ),
    Loss(
        "A removal without an object of reasons breaks the tombstone",
        "Any form of it withdraws the record, with its words",
        "zenodo/test_parse.py",
        "test_a_tombstone_tells_its_reason_in_whatever_shape",
    ),
    Loss("Addresses become http, without `www.`", "As they are", _CDS, _KEPT),
    Loss("References (999C5) are dropped", "As `references`", _CDS, _KEPT),
    Loss("Page counts (300) are dropped", "As `sizes`", _CDS, _KEPT),
    Loss(
        "Co-authors (700) become contributors with the role `other`",
        "Creators in order",
        _CDS,
        "test_co_authors_are_creators_and_other_roles_are_contributors",
    ),
    Loss("Licences in capitals are unknown, and what part they are for is dropped", "By id, else with it", _CDS, _KEPT),
    Loss("Abbreviated titles (210) are written as descriptions", "Alternative titles", _CDS, _KEPT),
    Loss("The ISSN of a series stands twice", "Once", _CDS, "test_a_series_that_is_stated_twice_stands_once"),
    Loss("One unknown language empties all", "The others stay", _CDS, _KEPT),
    Loss(
        "A file without checksum drops all files",
        "A finding, and the file is there",
        _CDS,
        "test_a_file_is_taken_in_its_last_version_and_derivatives_are_left_behind_with_a_word",
    ),
    Loss(
        "The edition of a book is refused",
        "In the table, and in `imprint:imprint`",
        _CDS,
        "test_a_target_with_bibliographic_fields_has_where_it_was_published_besides",
    ),
    Loss(
        "The ends of an energy change places",
        "The lower one first",
        _OPENDATA,
        "test_an_energy_is_a_range_in_gev_where_it_can_be_read",
    ),
    Loss(
        "`publication-thesis` is refused by InvenioRDM 14",
        "`publication-dissertation`",
        _ZENODO,
        "test_types_go_by_the_table",
    ),
)


def missing() -> list[str]:
    """Tests that are named here and are not there."""
    texts = {loss.file: (_SOURCES / loss.file).read_text(encoding="utf-8") for loss in LOSSES}
    return [f"{loss.file}: {loss.test}" for loss in LOSSES if f"def {loss.test}(" not in texts[loss.file]]
