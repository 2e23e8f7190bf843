#!/usr/bin/env python3
"""Ask an advisory service about the pinned packages, or say that it cannot be reached; no test depends on it."""

import json
import re
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
SERVICE = "https://api.osv.dev/v1/querybatch"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def pinned() -> list[tuple[str, str]]:
    """Names and versions of all requirement files."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "requirements").glob("*.txt"))]
    return sorted({match for text in texts for match in PINNED.findall(text)})


def main() -> None:
    """Exit code 0: none is known to be vulnerable; 1: the printed ones are; 2: nobody could be asked."""
    packages = pinned()
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    try:
        answer = httpx.post(SERVICE, content=json.dumps({"queries": queries}), timeout=60).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        print(f"Nothing was audited: {SERVICE} gave no answer ({type(error).__name__}).", file=sys.stderr)
        sys.exit(2)
    found = 0
    for (name, version), result in zip(packages, answer["results"], strict=True):
        for advisory in result.get("vulns", []):
            found += 1
            print(f"{name} {version}: https://osv.dev/vulnerability/{advisory['id']}")
    print(f"{len(packages)} packages, {found} advisories")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
