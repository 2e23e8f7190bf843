"""Identifiers in the schemes that InvenioRDM knows, each written as it keeps them: it normalises what it is sent."""

from collections.abc import Callable, Mapping

import idutils

from cern_assets.metadata.identifiers import bare_doi, is_doi, is_url

_LONGEST = 8_000
_GUESSED = ("arxiv", "isbn", "issn")
"""What an identifier without a scheme may be taken for: their shapes and check digits are their own."""

_SCHEMES: Mapping[str, Callable[[str], object]] = {
    "ark": idutils.is_ark,
    "arxiv": idutils.is_arxiv,
    "ean13": idutils.is_ean13,
    "handle": idutils.is_handle,
    "isbn": idutils.is_isbn,
    "issn": idutils.is_issn,
    "istc": idutils.is_istc,
    "lsid": idutils.is_lsid,
    "pmid": idutils.is_pmid,
    "urn": idutils.is_urn,
}


def identified(text: str, stated: str) -> tuple[str, str]:
    """Give scheme and identifier: of the stated scheme where it is one of that, else what it surely is, else `other`.

    A DOI or an address is known by its shape, whatever the record calls it. What is `other` keeps its stated scheme as
    a word before it (`bioproject:PRJNA123`), as InvenioRDM has no such scheme.
    """
    text, stated = text.strip()[:_LONGEST], stated.strip().lower()
    if is_doi(bare_doi(text)):
        return "doi", bare_doi(text)
    if is_url(text):
        return "url", text
    for scheme in (stated, *(() if stated else _GUESSED)):
        if kept := _as_kept(scheme, text):
            return scheme, kept
    worded = stated and not text.lower().startswith(f"{stated}:") and stated not in ("doi", "url", "other")
    return "other", f"{stated}:{text}" if worded else text


def is_gnd(text: str) -> bool:
    """Whether the text is an id of the Gemeinsame Normdatei."""
    return bool(idutils.is_gnd(text))


def _as_kept(scheme: str, text: str) -> str:
    """What InvenioRDM makes of an identifier of this scheme; "" where it is none of it."""
    is_one = _SCHEMES.get(scheme)
    if is_one is None or not is_one(text):
        return ""
    kept = str(idutils.normalize_pid(text, scheme))
    return kept if idutils.normalize_pid(kept, scheme) == kept else ""
