"""Rules that records of most sources can break; a source adds its example, and a word of its own, by `replace`."""

from cern_assets.audit.across import same_identifiers
from cern_assets.audit.rules import CorpusRule, Rule
from cern_assets.audit.told import noticed

CHECKSUM_UNUSABLE = Rule(
    id="checksum-unusable",
    group="checksums",
    severity="warning",
    title="File without a usable checksum",
    reason="Nobody can tell whether the file arrived as it was.",
    example='"checksum": ""',
    find=noticed("checksum-unusable"),
)
DOI_INVALID = Rule(
    id="doi-invalid",
    group="identifiers",
    severity="warning",
    title="DOI that is none",
    reason="It resolves to nothing, and cannot be carried.",
    example="10.5281",
    find=noticed("doi-invalid"),
)
TITLE_MISSING = Rule(
    id="title-missing",
    group="titles",
    severity="error",
    title="Record without a title",
    reason="It cannot be shown, found or carried.",
    example="no title",
    find=noticed("title-missing", "title-too-short"),
)
LANGUAGE_UNKNOWN = Rule(
    id="language-unknown",
    group="words",
    severity="warning",
    title="Language that is unknown",
    reason="No entry of ISO 639 fits.",
    example="xx",
    find=noticed("language-unknown"),
)
ORCID_INVALID = Rule(
    id="orcid-invalid",
    group="people",
    severity="warning",
    title="ORCID iD that is none",
    reason="Its form or its check digit is wrong; the work is credited to nobody.",
    example="0000-0002-7145-630Y",
    find=noticed("orcid-invalid"),
)
AUTHOR_WITHOUT_NAME = Rule(
    id="author-without-name",
    group="people",
    severity="warning",
    title="Author without a name",
    reason="Nobody can be credited.",
    example='{"affiliation": "CERN"}',
    find=noticed("agent-without-name"),
)
NAME_WITHOUT_COMMA = Rule(
    id="name-without-comma",
    group="people",
    severity="note",
    title="Author whose name is not `Family, Given`",
    reason="Programs have to guess which is the family name; lists sort by the wrong one.",
    example="Jane Doe",
    find=noticed("name-without-comma"),
)
DOI_TWICE = CorpusRule(
    id="doi-twice",
    group="identifiers",
    severity="error",
    title="One DOI of several records",
    reason="A DOI names one thing; readers of a citation find either.",
    example="two records of 10.1234/abcd",
    find=same_identifiers,
)
