"""Custom fields as InvenioRDM takes them: those that the server is configured for; all others are dropped, with a word.

Which there are follows from the server's profile: none, or the declared set of `metadata.custom_fields`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import idutils

from cern_assets.metadata.custom_fields import CustomField, OwnField, declared
from cern_assets.model.collections import Profile
from cern_assets.stand_ins.repository.formats import is_edtf, is_url
from cern_assets.stand_ins.repository.refusals import FieldError, RefusedError

_IS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "keyword": ("string", lambda value: isinstance(value, str)),
    "integer": ("integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
}
_OF_PARTS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "url": ("You must provide a valid URL.", is_url),
    "issn": ("Please provide a valid ISSN.", idutils.is_issn),
    "isbn": ("Please provide a valid ISBN.", idutils.is_isbn),
    "date": ("Please provide a valid date or interval.", is_edtf),
}
_LARGEST = 2**63 - 1


class KeptFields:
    """The custom fields of a server of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._known = {field.key: field for field in declared().fields} if profile == "cern" else {}
        self._own = {} if profile == "plain" else {field.key: field for field in declared().own}

    def refuse_unknown_terms(self, given: Mapping[str, Any]) -> None:
        """Refuse what InvenioRDM stores no draft of: an id that is in no vocabulary, a number that the index has not.

        Raises:
            RefusedError: with the first of them.
        """
        for key, value in given.items():
            field = self._known.get(key)
            if field is None:
                continue
            term = value.get("id") if isinstance(value, Mapping) else None
            if field.kind == "vocabulary" and term and not self.has_term(field.vocabulary, str(term)):
                raise RefusedError(400, f"Invalid value {term}.")
            if field.kind == "integer" and isinstance(value, int) and abs(value) > _LARGEST:
                raise RefusedError(400, f"{value} has more than 64 bits, over which InvenioRDM fails.")

    def errors(self, given: Mapping[str, Any]) -> Iterator[FieldError]:
        """What is wrong with a record's custom fields; none of it is stored."""
        for key, value in given.items():
            place, field = f"custom_fields.{key}", self._known.get(key)
            if key in self._own and value is not None:
                yield from _errors_of_own(place, self._own[key], value)
            elif field is None and key not in self._own:
                yield FieldError(place, "Unknown field.", drops=True)
            elif value is None:
                yield FieldError(place, "Field may not be null.", drops=True)
            elif field is None:
                continue
            elif field.many:
                yield from _errors_of_list(place, field, value)
            else:
                yield from _errors_of_one(place, field, value)

    def terms(self, vocabulary: str) -> Mapping[str, str] | None:
        """The titles of a vocabulary's terms by id, None where it is not there."""
        configured = any(field.vocabulary == vocabulary for field in self._known.values())
        return _titles(vocabulary) if configured else None

    def has_term(self, vocabulary: str, term: str) -> bool:
        """Whether a vocabulary is there, and has the term."""
        return term in (self.terms(vocabulary) or ())


def shown(given: Mapping[str, Any]) -> dict[str, Any]:
    """Stored custom fields as answers have them: terms of a vocabulary with their titles."""
    vocabularies = {field.key: field.vocabulary for field in declared().fields if field.vocabulary}
    return {
        key: {**value, "title": {"en": _titles(vocabularies[key])[value["id"]]}} if key in vocabularies else value
        for key, value in given.items()
    }


def _titles(vocabulary: str) -> dict[str, str]:
    return {term.id: term.title for term in declared().vocabularies[vocabulary].terms}


def _errors_of_own(place: str, field: OwnField, value: object) -> Iterator[FieldError]:
    if not isinstance(value, Mapping):
        yield FieldError(f"{place}._schema", "Invalid input type.", drops=True)
        return
    for name, inner in value.items():
        if name not in field.parts:
            yield FieldError(f"{place}.{name}", "Unknown field.", drops=True)
        elif inner is None:
            yield FieldError(f"{place}.{name}", "Field may not be null.", drops=True)
        elif not isinstance(inner, str):
            yield FieldError(f"{place}.{name}", "Not a valid string.", drops=True)
        elif (check := _OF_PARTS.get(field.parts[name])) and not check[1](inner):
            yield FieldError(f"{place}.{name}", check[0], drops=True)


def _errors_of_list(place: str, field: CustomField, values: object) -> Iterator[FieldError]:
    if not isinstance(values, list):
        yield FieldError(place, "Not a valid list.", drops=True)
        return
    for index, value in enumerate(values):
        yield from _errors_of_one(f"{place}.{index}", field, value)


def _errors_of_one(place: str, field: CustomField, value: object) -> Iterator[FieldError]:
    if field.kind == "vocabulary":
        if not isinstance(value, Mapping):
            yield FieldError(f"{place}._schema", "Invalid input type.", drops=True)
        elif not value.get("id"):
            yield FieldError(f"{place}.id", "Missing data for required field.", drops=True)
        return
    called, is_one = _IS[field.kind]
    if not is_one(value):
        yield FieldError(place, f"Not a valid {called}.", drops=True)
