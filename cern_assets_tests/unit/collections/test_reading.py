"""A collection's file: read whole, or refused with the file, the line, the field, and what is allowed."""

from pathlib import Path

import pytest

from cern_assets.collections.reading import read_collection, read_folder
from cern_assets.collections.spec import CollectionSpec
from cern_assets.errors import ConfigurationError

SMALL = "type: cern_assets.RecordCollection\nattributes:\n  source: opendata\n"
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "collections.md"


def _written(folder: Path, text: str, name: str = "cms_open.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_that_names_a_source_only_is_a_collection_of_the_file_s_name(tmp_path: Path) -> None:
    spec = read_collection(_written(tmp_path, SMALL))
    assert (spec.name, spec.source, spec.target, spec.files) == ("cms_open", "opendata", "default", "mirror")


def test_all_that_a_collection_can_say_is_read(tmp_path: Path) -> None:
    spec = read_collection(
        _written(
            tmp_path,
            SMALL
            + """  name: masterclass
  selection: {recids: [133, atlas-160006], file: more.txt, query: "experiment:CMS", facets: {type: Dataset}}
  files: mirror
  limits: {max_files: 5}
  archive: always
  target: sandbox
  access: {record: public, files: restricted}
  profile: plain
  priority: 3
""",
        )
    )
    assert spec.selection.recids == (133, "atlas-160006")
    assert spec.selection.file == tmp_path / "more.txt"
    assert (spec.name, spec.archive, spec.target, spec.access.files) == (
        "masterclass",
        "always",
        "sandbox",
        "restricted",
    )
    assert (spec.limits.max_files, spec.priority) == (5, 3)


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        (
            SMALL + "  colour: red\n",
            4,
            "colour",
            "There is no such field; allowed are access, archive, communities, community, curation, discovery, edits",
        ),
        (
            SMALL + "  selection:\n    recid: [1]\n",
            5,
            "selection.recid",
            "allowed are all, facets, file, left_out, query, recids",
        ),
        (SMALL + "  limits:\n    max_files: 0\n", 5, "limits.max_files", "greater than or equal to 1"),
        (SMALL + "  files: copy\n", 4, "files", "'mirror'"),
        (SMALL + "  access:\n    files: secret\n", 5, "access.files", "'public' or 'restricted'"),
        (SMALL + "  edits: drop\n", 4, "edits", "'keep' or 'overwrite'"),
        (SMALL + "  withdrawn: burn\n", 4, "withdrawn", "'keep' or 'tombstone'"),
        (
            SMALL + "  licence_default:\n    id: cc0-1.0\n    why: so\n    reason: x\n    source: https://x.org\n",
            6,
            "licence_default.why",
            "allowed are id, reason, source",
        ),
        (
            SMALL + "  licence_default:\n    id: CC0 1.0\n    reason: x\n    source: https://x.org\n",
            5,
            "licence_default.id",
            "should match pattern",
        ),
        (
            SMALL + "  licence_default:\n    id: cc0-1.0\n    source: https://x.org\n",
            4,
            "licence_default.reason",
            "needed",
        ),
        (SMALL + "  name: ../up\n", 4, "name", "should match pattern"),
        (SMALL + "  selection:\n    recids:\n    - 1\n    - {a: 1}\n", 7, "selection.recids.1", "valid"),
        ("type: cern_assets.RecordCollection\nattributes:\n  name: x\n", 2, "source", "This field is needed"),
        ("type: somebody.Else\nattributes:\n  source: opendata\n", 1, "type", "cern_assets.RecordCollection"),
        (SMALL + "  source: opendata\n", 4, "source", "This field is said twice"),
        ("type: [\n", 2, None, "This is no YAML"),
        ("", 1, "the whole file", "valid"),
        ("- 1\n", 1, "the whole file", "valid"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, line: int, field: str | None, said: str
) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        read_collection(path)
    assert raised.value.uri == f"{path}:{line}"
    assert (raised.value.field or "").startswith(field or "")
    assert said in str(raised.value)


def test_a_file_whose_name_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="The file's name is none for a collection"):
        read_collection(_written(tmp_path, SMALL, "CMS open.yaml"))


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_collection(tmp_path / "x.yaml")


def test_a_file_cannot_make_objects_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read_collection(_written(tmp_path, SMALL + "  name: !!python/object/apply:os.getcwd []\n"))


def test_a_folder_gives_its_collections_by_name(tmp_path: Path) -> None:
    _written(tmp_path, SMALL, "b.yaml")
    _written(tmp_path, SMALL + "  name: a\n", "z.yaml")
    assert [spec.name for spec in read_folder(tmp_path)] == ["a", "b"]


def test_two_files_of_one_name_are_told_with_both(tmp_path: Path) -> None:
    _written(tmp_path, SMALL, "b.yaml")
    _written(tmp_path, SMALL + "  name: b\n", "c.yaml")
    with pytest.raises(ConfigurationError, match=r"collection b: b\.yaml and c\.yaml"):
        read_folder(tmp_path)


@pytest.mark.parametrize(("folder", "said"), [(".", "holds none"), ("nowhere", "is not there")])
def test_a_folder_without_collections_is_told(tmp_path: Path, folder: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_folder(tmp_path / folder)


def test_the_reference_page_has_a_row_for_every_field() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    missing = [name for name in CollectionSpec.model_fields if f"| `{name}" not in page]
    assert missing == []
