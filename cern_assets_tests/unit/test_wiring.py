"""Settings to ports: each address leads to the adapter of its scheme, and one that leads nowhere is told at once."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cern_assets.errors import ConfigurationError
from cern_assets.flows.stages import Context
from cern_assets.model.identifiers import Recid
from cern_assets.places import build_store
from cern_assets.ports import ByteReader
from cern_assets.settings import Settings, load_settings
from cern_assets.storage.http import HttpReader
from cern_assets.storage.local import LocalStore
from cern_assets.storage.xrootd import XRootDStore
from cern_assets.wiring import (
    SOURCES,
    build_telemetry,
    collection_named,
    collections_of,
    opened_context,
    source_parts,
)


def _opened(settings: Settings, name: str = "opendata") -> AbstractContextManager[Context]:
    return opened_context(settings, collection_named(settings, name))


def _reader(url: str) -> ByteReader:
    with _opened(load_settings(opendata_files_url=url, repository_token="t")) as context:
        return context.adapters.files


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_store_in_a_folder_is_a_local_one(tmp_path: Path, scheme: str) -> None:
    store = build_store(load_settings(store_url=f"{scheme}{tmp_path}/new/store"))
    assert isinstance(store, LocalStore)
    assert store.uri("a") == f"{tmp_path}/new/store/a"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("url", ["root://eos.example.org//eos/store", "roots://eos.example.org:1095//eos/store"])
def test_a_store_on_eos_is_reached_by_xrootd(url: str) -> None:
    store = build_store(load_settings(store_url=url))
    assert isinstance(store, XRootDStore)
    assert store.uri("a") == f"{url}/a"
    store.close()


def test_files_are_read_by_the_scheme_of_their_address(tmp_path: Path) -> None:
    assert isinstance(_reader("https://opendata.example.org"), HttpReader)
    assert isinstance(_reader("root://eos.example.org/"), XRootDStore)
    assert isinstance(_reader(str(tmp_path)), LocalStore)
    assert isinstance(_reader(f"file://{tmp_path}"), LocalStore)


@pytest.mark.parametrize("url", ["ftp://example.org/store", "s3://bucket", "https://example.org/store"])
def test_a_store_of_an_unknown_scheme_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match="root://") as raised:
        build_store(load_settings(store_url=url))
    assert raised.value.field == "CERN_ASSETS_STORE_URL"
    assert raised.value.value == url


def test_files_of_an_unknown_scheme_are_refused_by_the_name_of_their_setting() -> None:
    with pytest.raises(ConfigurationError, match="https://") as raised:
        _reader("gsiftp://example.org")
    assert raised.value.field == "CERN_ASSETS_OPENDATA_FILES_URL"


@pytest.mark.parametrize("name", ["typo", "file"])
def test_a_folder_of_files_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="not there") as raised:
        _reader(str(tmp_path / name))
    assert raised.value.uri == str(tmp_path / name)


def test_a_store_that_a_file_is_in_the_way_of_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="to another place") as raised:
        build_store(load_settings(store_url=str(tmp_path / "file" / "store")))
    assert raised.value.uri == str(tmp_path / "file")


def test_an_unknown_source_is_refused_naming_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="opendata"):
        source_parts("figshare")


def test_without_a_folder_each_source_that_is_set_up_is_a_collection() -> None:
    assert [spec.name for spec in collections_of(load_settings())] == ["opendata"]
    set_up = load_settings().given(zenodo_dump_url="/dumps")
    assert [spec.name for spec in collections_of(set_up)] == ["opendata", "zenodo"]


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_source_s_parts_are_all_its_own(name: str, tmp_path: Path) -> None:
    places = {f"{name}_{place}_url": str(tmp_path) for place in ("files", "dump")}
    set_up = load_settings(repository_token="t").given(**places)
    with _opened(set_up, name) as context:
        assert context.adapters.source.name == context.adapters.crosswalk.source == name
        assert (context.collection.name, context.collection.source) == (name, name)
    assert source_parts(name).crosswalks["plain"].identifier(Recid("133"))
    assert callable(source_parts(name).parse)


def test_limits_and_numbers_of_the_settings_reach_the_ports() -> None:
    settings = load_settings(max_files=3, max_file_bytes=4, max_record_bytes=5, attempts=6, workers=7)
    with _opened(settings) as context:
        limits = context.collection.limits
        assert (limits.max_files, limits.max_file_bytes, limits.max_record_bytes) == (3, 4, 5)
        assert (context.shared.attempts, context.shared.workers) == (6, 7)


def test_one_process_writes_one_spool() -> None:
    assert build_telemetry(load_settings()) is build_telemetry(load_settings())
