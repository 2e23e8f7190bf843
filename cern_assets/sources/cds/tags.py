"""Patterns of CDS's fields, as rows read them."""


def fields(tag: str, codes: str) -> tuple[str, ...]:
    """Patterns of the subfields of a field, a letter each."""
    return tuple(f"{tag}[].{code}[]" for code in codes)


RESTRICTIONS = (*fields("5061_", "ad"), *fields("506_1", "ad"), *fields("506__", "ad"))
"""Fields 506, whatever indicators a cataloguer gave them: each says that some are let in, and others not."""
