"""Guards what every `ports.FileStore` promises: a file is there whole or not at all, and errors tell their kind."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cern_assets.errors import FileMissingError, StorageFullError, UnsafeNameError
from cern_assets.model.checksums import Checksum
from cern_assets.model.files import Leftover
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


def test_a_resumable_file_goes_on_where_it_was_left(lab: Lab) -> None:
    with lab.store.create("a/b", size_bytes=9, resume="word1") as writer:
        assert (writer.written_bytes, list(writer.earlier())) == (0, [])
        writer.write(b"first")
    assert lab.store.size_bytes("a/b") is None
    assert list(lab.store.list()) == []
    with lab.store.create("a/b", size_bytes=9, resume="word1") as writer:
        assert (writer.written_bytes, b"".join(writer.earlier())) == (5, b"first")
        writer.write(b"last")
        assert writer.written_bytes == 9
        writer.commit()
    assert get(lab.store, "a/b") == b"firstlast"
    assert lab.on_disk() == ["a/b"]


def test_another_word_begins_another_file(lab: Lab) -> None:
    with lab.store.create("a", size_bytes=9, resume="word1") as writer:
        writer.write(b"first")
    with lab.store.create("a", size_bytes=9, resume="word2") as writer:
        assert writer.written_bytes == 0


def test_a_resumed_file_can_be_started_over(lab: Lab) -> None:
    with lab.store.create("a", size_bytes=9, resume="word1") as writer:
        writer.write(b"rotten rotten")
    with lab.store.create("a", size_bytes=9, resume="word1") as writer:
        writer.start_over()
        assert writer.written_bytes == 0
        writer.write(b"good")
        writer.commit()
    assert get(lab.store, "a") == b"good"


def test_a_resumable_file_has_one_writer_at_a_time(lab: Lab) -> None:
    with lab.store.create("a", size_bytes=9, resume="word1") as first:
        first.write(b"of the first")
        with lab.store.create("a", size_bytes=9, resume="word1") as second:
            assert second.written_bytes == 0
            second.write(b"of the second")
            second.commit()
        first.commit()
    assert get(lab.store, "a") == b"of the first"
    assert lab.on_disk() == ["a"]


def test_an_empty_folder_is_not_in_the_way_of_a_file(lab: Lab) -> None:
    put(lab.store, "a/b", b"x")
    lab.store.remove("a/b")
    put(lab.store, "a", b"y")
    assert get(lab.store, "a") == b"y"


def test_a_name_is_reserved_by_one_of_many_until_it_is_removed(lab: Lab) -> None:
    put(lab.store, "marks/other", b"x")
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            taken = list(pool.map(lambda _, name=f"marks/{number}": lab.store.reserve(name), range(8)))
            assert taken.count(True) == 1
    assert not lab.store.reserve("marks/0")
    lab.store.remove("marks/0")
    assert lab.store.reserve("marks/0")
    assert lab.store.size_bytes("marks/0") == 0


def test_a_name_is_reserved_with_its_content(lab: Lab) -> None:
    assert lab.store.reserve("marks/with words", b"mine", lasting=False)
    assert not lab.store.reserve("marks/with words", b"yours")
    assert get(lab.store, "marks/with words") == b"mine"


def test_what_need_not_last_is_there_for_all_who_look(lab: Lab) -> None:
    put(lab.store, "note", b"older")
    with lab.store.create("note", size_bytes=None) as writer:
        writer.write(b"newer")
        writer.commit(lasting=False)
    assert get(lab.store, "note") == b"newer"


def test_leftovers_are_listed_with_size_and_age_and_can_be_collected(lab: Lab) -> None:
    assert list(lab.store.leftovers()) == []
    put(lab.store, "a/kept", b"x")
    with lab.store.create("a/b", size_bytes=None, resume="word1") as writer:
        writer.write(b"five!")
    (leftover,) = lab.store.leftovers("a")
    assert (leftover.path.rpartition("/")[0], leftover.size_bytes) == ("a", 5)
    assert abs(leftover.modified - time.time()) < 60
    lab.store.collect(leftover)
    lab.store.collect(leftover)
    assert lab.on_disk() == ["a/kept"]


def test_files_are_listed_with_size_and_date_those_of_a_folder_together(lab: Lab) -> None:
    assert list(lab.store.dated()) == []
    for path in ("a/1/x", "b/1", "a/2/y", "a/1/deep/z"):
        put(lab.store, path, b"five!")
    with lab.store.create("a/1/unfinished", size_bytes=None, resume="word2") as writer:
        writer.write(b"x")
    found = list(lab.store.dated("a"))
    folders = [file.path.split("/")[1] for file in found]
    assert sorted(file.path for file in found) == ["a/1/deep/z", "a/1/x", "a/2/y"]
    assert folders in (["1", "1", "2"], ["2", "1", "1"])
    assert {file.size_bytes for file in found} == {5}
    assert all(abs(file.modified - time.time()) < 60 for file in found)


@pytest.mark.parametrize("path", ["a/kept", "../.partial-x", "/.partial-x"])
def test_only_leftovers_can_be_collected(lab: Lab, path: str) -> None:
    put(lab.store, "a/kept", b"x")
    with pytest.raises(UnsafeNameError):
        lab.store.collect(Leftover(path=path, size_bytes=1, modified=0))
    assert lab.on_disk() == ["a/kept"]


def test_a_word_for_resuming_is_letters_and_digits(lab: Lab) -> None:
    with pytest.raises(ValueError, match="letters and digits"), lab.store.create("a", size_bytes=1, resume="../x"):
        pass


def test_a_store_that_cannot_copy_by_itself_says_so(lab: Lab) -> None:
    assert (
        lab.store.fetch(
            "https://example.org/file", "a", size_bytes=1, expected=Checksum(algorithm="adler32", value="00620062")
        )
        is None
    )
    assert lab.on_disk() == []


def test_files_of_a_batch_have_their_names_when_it_ends(lab: Lab) -> None:
    put(lab.store, "run1/0.root", b"older")
    contents = {f"run{number % 3}/{number}.root": bytes([number]) * number for number in range(40)}
    with lab.store.batch() as batch, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda path: put(batch, path, contents[path]), contents))
    assert {path: get(lab.store, path) for path in lab.store.list()} == {**contents, "run1/0.root": b"older"}
    assert lab.on_disk() == sorted([*contents, "run1/0.root"])


def test_a_batch_that_ends_by_an_error_keeps_what_was_committed(lab: Lab) -> None:
    def one_whole_and_one_not() -> None:
        with lab.store.batch() as batch:
            put(batch, "whole", b"whole")
            with batch.create("half", size_bytes=4) as writer:
                writer.write(b"ha")
                raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        one_whole_and_one_not()
    assert lab.on_disk() == ["whole"]


def test_a_resumable_file_of_a_batch_stays_for_the_next_attempt(lab: Lab) -> None:
    with lab.store.batch() as batch, batch.create("large", size_bytes=8, resume="word") as writer:
        writer.write(b"half")
    with lab.store.create("large", size_bytes=8, resume="word") as writer:
        assert b"".join(writer.earlier()) == b"half"
        writer.write(b"rest")
        writer.commit()
    assert get(lab.store, "large") == b"halfrest"


def test_a_folder_with_files_is_in_the_way_of_a_file_of_a_batch(lab: Lab) -> None:
    put(lab.store, "a/b", b"in the way")
    with pytest.raises(UnsafeNameError), lab.store.batch() as batch:
        put(batch, "a", b"a file")
    assert lab.on_disk() == ["a/b"]
