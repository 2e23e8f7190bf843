"""Whether a repository keeps the custom fields of a profile: by what its API shows, or by a draft.

InvenioRDM's API does not tell which custom fields it is configured for. It shows vocabularies, and those of the set are
loaded with the set's settings or not at all, as a rule; only a draft proves it.
"""

from collections.abc import Mapping, Sequence

from cern_assets.errors import ConfigurationError
from cern_assets.metadata.comparison import differences
from cern_assets.metadata.custom_fields import SECTION, CustomFields
from cern_assets.model.collections import Profile
from cern_assets.model.values import Json, JsonObject
from cern_assets.ports import Repository

HOW_TO_KEEP_THEM = "Configure it as docs/how-to/profiles.md says, or say `profile: plain`, which loses no fact."


def ask(repository: Repository, fields: CustomFields, profile: Profile) -> str:
    """Look whether the vocabularies of the profile's fields are there; nothing is written.

    Raises:
        ConfigurationError: one is not, so that records with its terms would be refused.
    """
    if profile != "cern":
        return f"only a draft shows whether it keeps the fields of profile `{profile}`: `doctor --with-draft` makes one"
    for name, vocabulary in fields.vocabularies.items():
        missing = [term.id for term in vocabulary.terms if not repository.has_term(name, term.id)]
        if missing:
            raise ConfigurationError(
                f"{repository.url} does not keep the fields of profile `cern`: its vocabulary {name} lacks "
                f"{', '.join(missing)}.",
                field="profile",
                remedy=HOW_TO_KEEP_THEM,
            )
    return f"{repository.url} has the vocabularies of profile `cern`; `doctor --with-draft` tries its fields"


def attempt(repository: Repository, fields: CustomFields, profile: Profile) -> str:
    """Create a draft with every field of the profile, compare what the repository made of it, and delete it.

    Raises:
        ConfigurationError: a field did not come back as it was sent.
    """
    examples = fields.examples(profile)
    payload = _payload(examples)
    draft = repository.create_draft(payload)
    try:
        lost = differences({SECTION: payload[SECTION]}, draft.payload)
    finally:
        repository.delete_draft(draft)
    if lost:
        raise ConfigurationError(
            f"{repository.url} does not keep {_fields_of(lost, examples)} of the {len(examples)} fields of profile "
            f"`{profile}`: {'; '.join(lost[:3])}.",
            field="profile",
            remedy=HOW_TO_KEEP_THEM,
        )
    return f"{repository.url} keeps all {len(examples)} fields of profile `{profile}`; the draft was deleted"


def _fields_of(lost: Sequence[str], examples: Mapping[str, Json]) -> int:
    return sum(any(each.startswith(f"{SECTION}.{key}") for each in lost) for key in examples)


def _payload(examples: Mapping[str, Json]) -> JsonObject:
    return {
        "access": {"record": "restricted", "files": "restricted"},
        "files": {"enabled": False},
        "metadata": {
            "title": "A draft of cern-assets doctor, which deletes it",
            "resource_type": {"id": "other"},
            "publication_date": "2026",
            "creators": [{"person_or_org": {"type": "organizational", "name": "cern-assets"}}],
        },
        SECTION: dict(examples),
    }
