"""What `docs/architecture.md` says about places is true of the places."""

import re
from pathlib import Path

from cern_assets.places import STORES
from cern_assets.telemetry.database import sql_scripts
from cern_assets.wiring import SOURCES

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "cern_assets"
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def _named(text: str) -> set[str]:
    """Paths in a text that name one place, not a place for any name."""
    return {path for path in re.findall(r"`([a-z_./]+(?:\.py|/))`", text) if "..." not in path}


def test_every_place_that_the_page_names_is_there() -> None:
    named = _named(PAGE)
    assert len(named) > 20
    missing = {
        path for path in named if not any((root / path).exists() for root in (PROJECT, PACKAGE, PACKAGE / "stand_ins"))
    }
    outside = {"documents/", "files/", "archives/", "portal/", "sample/", "demo/", "repository/", "schema/", "views/"}
    by_source = {"client.py", "parse.py", "crosswalk.py", "recids.py", "config.py", "parts.py"}
    assert missing - outside - by_source == set()


def test_the_folders_of_the_package_are_those_of_the_page() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and not path.name.startswith("_")}
    table = _section("Folders")
    assert {name for name in folders if f"`{name}/" not in table} == set()


def test_where_a_change_goes_is_where_such_things_are() -> None:
    table = _section("Where a change goes")
    for name in SOURCES:
        assert (PACKAGE / "sources" / name / "parts.py").exists()
    for scheme in {"root", "file"} & STORES.keys():
        assert (PACKAGE / "storage" / {"root": "xrootd.py", "file": "local.py"}[scheme]).exists()
    views = {path.stem for path in (PROJECT / "sql" / "views").glob("*.sql")}
    assert len(views) == len(sql_scripts("views"))
    for place in ("wiring.py", "flows/journey.py", "model/outcomes.py", ".env.example", "crosswalk.py"):
        assert f"`{place}`" in table
        assert any((root / place).exists() for root in (PROJECT, PACKAGE, PACKAGE / "sources" / "opendata"))
