"""Short ways to what tests of the embedded repository ask it for, over plain HTTP."""

from pathlib import Path
from typing import Any

import httpx

from cern_assets_tests.services.repository import RunningRepository


def client_of(repository: RunningRepository) -> httpx.Client:
    """A client with the depositor's token."""
    headers = {"Authorization": f"Bearer {repository.token}"}
    return httpx.Client(base_url=repository.url, headers=headers, timeout=30)


def payload(*, files: bool = False, access: str = "public", **metadata: Any) -> dict[str, Any]:
    """A record that can be published."""
    return {
        "files": {"enabled": files},
        "access": {"record": access, "files": access},
        "metadata": {
            "title": "Dimuon events",
            "publication_date": "2016",
            "resource_type": {"id": "dataset"},
            "creators": [{"person_or_org": {"type": "personal", "family_name": "Curie", "given_name": "Marie"}}],
            **metadata,
        },
    }


def publish(client: httpx.Client, body: dict[str, Any], files: dict[str, bytes] | None = None) -> dict[str, Any]:
    """Publish a record with its files."""
    draft = client.post("/api/records", json=body).raise_for_status().json()
    for key, content in (files or {}).items():
        client.post(draft["links"]["files"], json=[{"key": key}]).raise_for_status()
        client.put(f"{draft['links']['files']}/{key}/content", content=content).raise_for_status()
        client.post(f"{draft['links']['files']}/{key}/commit").raise_for_status()
    record: dict[str, Any] = client.post(draft["links"]["publish"]).raise_for_status().json()
    return record


def draft_with_file(client: httpx.Client, **announced: Any) -> str:
    """Make a draft with the file `a` announced; the address of the draft."""
    draft = client.post("/api/records", json=payload(files=True)).raise_for_status().json()
    client.post(draft["links"]["files"], json=[{"key": "a", **announced}]).raise_for_status()
    return str(draft["links"]["self"])


def contents(folder: Path) -> list[Path]:
    """All files of content in the folder of a repository."""
    return [path for path in (folder / "content").rglob("*") if path.is_file()]
