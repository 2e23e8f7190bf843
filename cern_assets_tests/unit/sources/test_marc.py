"""MARC in both of its forms becomes the same fields, and what is broken costs no more than itself."""

import pytest

from cern_assets.errors import RecordInvalidError
from cern_assets.sources.marc import marcxml_records, read_marcxml, read_text_marc, text_marc_records

XML = """<record xmlns="http://www.loc.gov/MARC21/slim">
  <controlfield tag="001">123</controlfield>
  <datafield tag="245" ind1=" " ind2=" "><subfield code="a">A title</subfield>
    <subfield code="b">and more</subfield></datafield>
  <datafield tag="700" ind1="" ind2=" "><subfield code="a">Doe, Jane</subfield><subfield code="0">one</subfield>
    <subfield code="0">two</subfield></datafield>
  <datafield tag="700" ind1=" " ind2=" "><subfield code="a">Doe, Joe</subfield></datafield>
  <datafield tag="650" ind1="1" ind2="7"><subfield code="a"></subfield></datafield>
</record>"""
TEXT = """000000123 001__ 123
000000123 245__ $$aA title$$band more
000000123 700__ $$aDoe, Jane$$0one$$0two
000000123 700__ $$aDoe, Joe
000000123 65017 $$a
"""
FIELDS = {
    "001": "123",
    "245__": [{"a": ["A title"], "b": ["and more"]}],
    "700__": [{"a": ["Doe, Jane"], "0": ["one", "two"]}, {"a": ["Doe, Joe"]}],
    "65017": [{"a": [""]}],
}


@pytest.mark.parametrize(("text", "read"), [(XML, read_marcxml), (TEXT, read_text_marc)])
def test_both_forms_give_the_same_fields_with_every_repetition(text: str, read: object) -> None:
    assert callable(read)
    assert read(text) == (FIELDS, ())


def test_a_line_of_text_marc_may_go_on_and_have_no_number() -> None:
    fields, findings = read_text_marc("245   $$aA long\n   title\n520__ $$aText with $ 5 and $$$ signs")
    assert fields["245__"] == [{"a": ["A long title"]}]
    assert fields["520__"] == [{"a": ["Text with $ 5 and $$$ signs"]}]
    assert findings == ()


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("Science & Technology", "Science & Technology"),
        ("M&uuml;ller &amp; S&ouml;hne", "M\u00fcller & S\u00f6hne"),
        ("&lt;b&gt; &nosuchname; &#228;", "<b> &nosuchname; \u00e4"),
    ],
)
def test_ampersands_that_xml_does_not_know_are_read_as_they_were_meant(inside: str, text: str) -> None:
    xml = f'<record><datafield tag="245"><subfield code="a">{inside}</subfield></datafield></record>'
    fields, findings = read_marcxml(xml)
    assert fields == {"245__": [{"a": [text]}]}
    assert {finding.code for finding in findings} == {"xml-ampersand"}


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<record>",
        "<other/>",
        "<record><datafield></record>",
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><record><leader>&x;</leader></record>',
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><record>&b;</record>',
        "<record>\x00</record>",
    ],
)
def test_what_is_no_record_or_declares_entities_is_refused(xml: str) -> None:
    with pytest.raises(RecordInvalidError):
        read_marcxml(xml)


def test_what_is_no_field_is_left_out_and_told() -> None:
    xml = """<record><controlfield tag="001">1</controlfield><controlfield tag="001">2</controlfield>
      <datafield tag="2&quot;5" ind1=" " ind2=" "><subfield code="a">x</subfield></datafield>
      <datafield tag="245" ind1="!" ind2=" "><subfield code="a">x</subfield></datafield>
      <datafield tag="246" ind1=" " ind2=" "><subfield code="ab">x</subfield></datafield></record>"""
    fields, findings = read_marcxml(xml)
    assert fields == {"001": "1", "246__": [{}]}
    assert sorted(finding.code for finding in findings) == ["control-field-twice", *["marc-unreadable"] * 3]


def test_a_file_is_cut_into_records_wherever_its_pieces_end() -> None:
    file = f"<?xml version='1.0'?><collection>{XML}\n{XML.replace('123', '124')}</collection>"
    for size in (1, 7, 100, len(file)):
        pieces = [file[at : at + size] for at in range(0, len(file), size)]
        assert [read_marcxml(text)[0]["001"] for text in marcxml_records(pieces)] == ["123", "124"]


def test_a_file_that_was_cut_off_says_so_after_its_whole_records() -> None:
    records = marcxml_records([XML, XML[:50]])
    assert read_marcxml(next(records))[0]["001"] == "123"
    with pytest.raises(RecordInvalidError, match="no end"):
        next(records)


@pytest.mark.parametrize("between", ["", "\n", "\n\n\n"])
def test_text_marc_is_cut_at_numbers_and_blank_lines(between: str) -> None:
    file = TEXT + between + TEXT.replace("123", "124")
    for size in (1, 13, len(file)):
        pieces = [file[at : at + size] for at in range(0, len(file), size)]
        assert [read_text_marc(text)[0]["001"] for text in text_marc_records(pieces)] == ["123", "124"]
