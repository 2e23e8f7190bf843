"""Guards the names that files get: unique in a record, the same each time, and fit for one tree of files."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.model.names import safe_key
from cern_assets.sources.opendata.file_keys import file_keys, keys_that_are_folders


def test_a_key_is_the_name_of_the_file() -> None:
    assert file_keys(["eos/opendata/a/x.root", "eos/opendata/b/y.root"]) == {
        "eos/opendata/a/x.root": "x.root",
        "eos/opendata/b/y.root": "y.root",
    }


def test_files_of_one_name_get_their_path_below_the_folder_they_share() -> None:
    paths = [f"eos/opendata/alice/run1/{part}/AO2D.root" for part in ("0001", "0002")]
    assert list(file_keys(paths).values()) == ["0001/AO2D.root", "0002/AO2D.root"]


def test_a_file_with_a_name_of_its_own_keeps_it_beside_others_that_share_theirs() -> None:
    keys = file_keys(["eos/a/1/AO2D.root", "eos/a/2/AO2D.root", "eos/a/2/list.txt"])
    assert list(keys.values()) == ["1/AO2D.root", "2/AO2D.root", "list.txt"]


def test_the_folder_in_common_is_that_of_all_files_of_the_record() -> None:
    keys = file_keys(["eos/a/1/AO2D.root", "eos/a/2/AO2D.root", "eos/other.txt"])
    assert list(keys.values()) == ["a/1/AO2D.root", "a/2/AO2D.root", "other.txt"]


def test_a_name_that_is_also_a_folder_of_another_file_gives_all_files_their_path() -> None:
    keys = file_keys(["eos/a/x", "eos/a/b/x", "eos/a/c/b"])
    assert list(keys.values()) == ["x", "b/x", "c/b"]


def test_no_files_have_no_keys() -> None:
    assert file_keys([]) == {}


def test_a_key_that_is_a_folder_of_another_is_found() -> None:
    assert keys_that_are_folders(["a", "a/b/c", "a/b", "ab"]) == {"a", "a/b"}


TREES = st.lists(
    st.lists(st.sampled_from(["a", "b", "x.root", "a.b"]), min_size=1, max_size=4).map("/".join),
    max_size=12,
    unique=True,
).map(lambda paths: [f"eos/opendata/{path}" for path in paths])


@settings(deadline=None)
@given(paths=TREES)
def test_keys_are_unique_safe_and_independent_of_order(paths: list[str]) -> None:
    keys = file_keys(paths)
    assert len(set(keys.values())) == len(paths)
    assert all(path.endswith(safe_key(key)) for path, key in keys.items())
    assert file_keys(paths[::-1]) == keys
    if not keys_that_are_folders(paths):
        assert not keys_that_are_folders(keys.values())
