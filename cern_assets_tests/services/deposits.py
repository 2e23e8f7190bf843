"""A deposit that somebody else than the crosswalk made, as a file for `cern-assets publish`."""

import json
from pathlib import Path
from typing import Any


def given_deposit(path: Path, **metadata: Any) -> Path:
    """Write a deposit that can be published, whose identifier is that of its folder; gives its path back."""
    body = {
        "access": {"record": "public", "files": "public"},
        "metadata": {
            "title": "Somebody's data",
            "publication_date": "2026",
            "publisher": "CERN",
            "resource_type": {"id": "dataset"},
            "creators": [{"person_or_org": {"type": "organizational", "name": "CMS Collaboration"}}],
            "identifiers": [{"scheme": "other", "identifier": f"somebody:{path.parent}"}],
            **metadata,
        },
    }
    path.write_text(json.dumps(body))
    return path
