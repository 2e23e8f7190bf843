"""Guards how names are read: nothing of a name is lost, and groups do not become people."""

import pytest

from cern_assets.metadata.people import is_organisation, person, split_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Kégl, Balázs", ("Kégl", "Balázs")),
        ("Smith, John, Jr.", ("Smith", "John, Jr.")),
        ("D'Agnolo, Raffaele Tito", ("D'Agnolo", "Raffaele Tito")),
        ("Jane Doe", ("Doe", "Jane")),
        ("Ludwig van Beethoven", ("van Beethoven", "Ludwig")),
        ("Maria Garcia Lopez", ("Maria Garcia Lopez", "")),
        ("van Dyck", ("van Dyck", "")),
        ("F. Foster", ("Foster", "F.")),
        ("F.Foster", ("Foster", "F.")),
        ("J.R.R. Tolkien", ("Tolkien", "J.R.R.")),
        ("J. R. R. Tolkien", ("Tolkien", "J. R. R.")),
        ("J.-P.Dupont", ("Dupont", "J.-P.")),
        ("Å.Öberg", ("Öberg", "Å.")),
        ("M. Garcia Lopez", ("Garcia Lopez", "M.")),
        ("F.van der Berg", ("van der Berg", "F.")),
        ("Foster F.", ("Foster", "F.")),
        ("Garcia Lopez M. A.", ("Garcia Lopez", "M. A.")),
        ("Jan van der Berg", ("van der Berg", "Jan")),
        ("Maria Da Silva", ("Da Silva", "Maria")),
        ("van der Berg, Jan", ("van der Berg", "Jan")),
        ("de la Cruz", ("de la Cruz", "")),
        ("Foster, F.", ("Foster", "F.")),
        ("F. J.", ("F. J.", "")),
        ("Maria de", ("de", "Maria")),
        ("Plato", ("Plato", "")),
        ("Plato,", ("Plato", "")),
        (", Jane", ("Jane", "")),
    ],
)
def test_a_name_is_split_only_where_it_is_sure_enough(name: str, expected: tuple[str, str]) -> None:
    assert split_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "CERN",
        "TBILISI-IHEPI",
        "CMS Open Data group",
        "CMS Collaboration",
        "ATLAS Collaboration, CERN",
        "CMS Collaboration, The",
    ],
)
def test_one_word_or_a_word_for_a_group_is_an_organisation(name: str) -> None:
    assert is_organisation(name)


@pytest.mark.parametrize(
    "name", ["Doe, Jane", "Jane Doe", "Group, Jane", "F.Foster", "J.-P.Dupont", "van der Berg, Jan"]
)
def test_a_person_is_no_organisation(name: str) -> None:
    assert not is_organisation(name)


def test_one_word_with_an_orcid_is_a_person() -> None:
    assert not is_organisation("Plato", orcid="0000-0002-1825-0097")
    assert person("Plato", orcid="0000-0002-1825-0097")["identifiers"] == [
        {"scheme": "orcid", "identifier": "0000-0002-1825-0097"}
    ]
