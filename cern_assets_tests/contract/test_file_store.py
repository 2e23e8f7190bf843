"""Guards what every `ports.FileStore` promises: a file is there whole or not at all, and errors tell their kind."""

import threading
from pathlib import Path

import pytest

from cern_assets.errors import FileMissingError, StorageFullError, UnsafeNameError
from cern_assets.ports import ByteWriter
from cern_assets_tests.contract.stores import Lab, get, local_lab, put, xrootd_lab

MIB = 1024**2


@pytest.fixture(params=["local", pytest.param("xrootd", marks=pytest.mark.service)])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    if request.param == "local":
        return local_lab(tmp_path)
    return xrootd_lab(request.getfixturevalue("xrootd"))


def test_what_was_written_is_read_back(lab: Lab) -> None:
    put(lab.store, "a/b.root", b"some bytes")
    assert get(lab.store, "a/b.root") == b"some bytes"
    assert lab.store.size_bytes("a/b.root") == 10


def test_an_empty_file_is_a_file(lab: Lab) -> None:
    put(lab.store, "empty", b"")
    assert lab.store.size_bytes("empty") == 0
    assert list(lab.store.list()) == ["empty"]


def test_a_file_written_in_many_chunks_is_whole(lab: Lab) -> None:
    pieces = [bytes([number]) * (number * 1000) for number in range(100)]
    with lab.store.create("pieces", size_bytes=None) as writer:
        for piece in pieces:
            writer.write(piece)
        writer.commit()
    assert get(lab.store, "pieces") == b"".join(pieces)


def test_nothing_is_visible_before_commit(lab: Lab) -> None:
    with lab.store.create("a/b", size_bytes=3) as writer:
        writer.write(b"abc")
        assert lab.store.size_bytes("a/b") is None
        assert list(lab.store.list()) == []
        with pytest.raises(FileMissingError), lab.store.open("a/b"):
            pass
        writer.commit()
        assert lab.store.size_bytes("a/b") == 3


def test_leaving_without_commit_leaves_nothing(lab: Lab) -> None:
    with lab.store.create("a/b", size_bytes=3) as writer:
        writer.write(b"abc")
    assert lab.on_disk() == []


def test_an_error_while_writing_leaves_nothing_and_comes_through(lab: Lab) -> None:
    broken = OSError("of the caller")
    with pytest.raises(OSError, match="of the caller") as caught, lab.store.create("a/b", size_bytes=3) as writer:
        _write_and_raise(writer, broken)
    assert caught.value is broken
    assert lab.on_disk() == []


def test_a_second_commit_replaces_the_whole_file(lab: Lab) -> None:
    put(lab.store, "a", b"a long first version")
    put(lab.store, "a", b"short")
    assert get(lab.store, "a") == b"short"
    assert lab.on_disk() == ["a"]


def test_an_abandoned_second_version_leaves_the_first(lab: Lab) -> None:
    put(lab.store, "a", b"first")
    with lab.store.create("a", size_bytes=None) as writer:
        writer.write(b"second")
    assert get(lab.store, "a") == b"first"


def test_less_than_announced_is_not_padded(lab: Lab) -> None:
    with lab.store.create("a", size_bytes=1000) as writer:
        writer.write(b"abc")
        writer.commit()
    assert get(lab.store, "a") == b"abc"


def test_writers_of_the_same_file_do_not_mix(lab: Lab) -> None:
    versions = [bytes([number]) * MIB for number in range(6)]
    threads = [threading.Thread(target=put, args=(lab.store, "a", version)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(lab.store, "a") in versions
    assert lab.on_disk() == ["a"]


def test_a_temporary_file_of_a_dead_writer_is_not_listed_and_not_in_the_way(lab: Lab) -> None:
    put(lab.store, "a", b"first")
    with lab.store.create("a", size_bytes=None) as writer:
        writer.write(b"second")
        (left_behind,) = set(lab.on_disk()) - {"a"}
    (lab.folder / left_behind).write_bytes(b"torn")
    put(lab.store, "a", b"third")
    assert list(lab.store.list()) == ["a"]
    with pytest.raises(UnsafeNameError):
        put(lab.store, left_behind, b"a record that wants such a name")


def test_list_gives_the_files_below_a_folder(lab: Lab) -> None:
    for path in ("a", "b/c", "b/d/e", "bb/f"):
        put(lab.store, path, b"x")
    assert sorted(lab.store.list()) == ["a", "b/c", "b/d/e", "bb/f"]
    assert sorted(lab.store.list("b")) == ["b/c", "b/d/e"]
    assert sorted(lab.store.list("b/d")) == ["b/d/e"]


def test_list_of_what_is_no_folder_is_empty(lab: Lab) -> None:
    assert list(lab.store.list()) == []
    put(lab.store, "a", b"x")
    assert list(lab.store.list("missing")) == []
    assert list(lab.store.list("a")) == []


def test_remove_may_be_repeated(lab: Lab) -> None:
    put(lab.store, "a/b", b"x")
    lab.store.remove("a/b")
    lab.store.remove("a/b")
    lab.store.remove("never/there")
    assert lab.store.size_bytes("a/b") is None


def test_remove_leaves_folders_alone(lab: Lab) -> None:
    put(lab.store, "a/b", b"x")
    lab.store.remove("a/b")
    lab.store.remove("a")
    assert (lab.folder / "a").is_dir()


def test_a_path_through_a_file_or_to_a_folder_is_no_file(lab: Lab) -> None:
    put(lab.store, "a/b", b"x")
    for path in ("a", "a/b/c"):
        assert lab.store.size_bytes(path) is None
        with pytest.raises(FileMissingError), lab.store.open(path):
            pass


@pytest.mark.parametrize(
    "name", ["a b", "a#b", "a?b", "a%b", "a%3Fb", "a%253Fb", "a&b=c", "~a", "Ünïcode 漢", "'\"", "n" * 254]
)
def test_awkward_but_legal_names_are_kept(lab: Lab, name: str) -> None:
    path = f"{name}/{name}"
    put(lab.store, path, b"content")
    assert get(lab.store, path) == b"content"
    assert list(lab.store.list()) == [path]
    assert list(lab.store.list(name)) == [path]
    lab.store.remove(path)
    assert lab.on_disk() == []


def test_names_that_look_alike_stay_apart(lab: Lab) -> None:
    names = ["a?", "a%3F", "a%253F", "a%3f", "a"]
    for name in names:
        put(lab.store, name, name.encode())
    assert sorted(lab.store.list()) == sorted(names)
    assert [get(lab.store, name).decode() for name in names] == names


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/.", "a\\b", "a\nb"])
def test_a_path_that_could_escape_is_refused(lab: Lab, path: str) -> None:
    with pytest.raises(UnsafeNameError):
        put(lab.store, path, b"x")
    with pytest.raises(UnsafeNameError):
        lab.store.remove(path)


@pytest.mark.parametrize("path", ["file/below", "folder", "n" * 256])
def test_a_name_that_cannot_be_is_refused(lab: Lab, path: str) -> None:
    put(lab.store, "file", b"x")
    put(lab.store, "folder/file", b"x")
    with pytest.raises(UnsafeNameError):
        put(lab.store, path, b"y")
    assert lab.on_disk() == ["file", "folder/file"]


def test_a_size_that_does_not_fit_is_refused_before_the_first_byte(lab: Lab) -> None:
    put(lab.store, "a", b"first")
    with pytest.raises(StorageFullError, match=str(2**60)) as caught, lab.store.create("a", size_bytes=2**60):
        pytest.fail("began to write")
    assert caught.value.uri == lab.store.uri("a")
    assert get(lab.store, "a") == b"first"
    assert lab.on_disk() == ["a"]


def test_ping_tells_the_place_before_and_after_the_first_write(lab: Lab) -> None:
    assert "made by the first write" in lab.store.ping()
    put(lab.store, "a", b"x")
    assert lab.folder.name in lab.store.ping()
    assert "GiB free" in lab.store.ping()


def _write_and_raise(writer: ByteWriter, error: Exception) -> None:
    writer.write(b"abc")
    raise error
