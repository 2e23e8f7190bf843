"""Guards that HTML from records becomes safe without losing a word, and that what is lost is told."""

import pytest

from cern_assets.metadata.markup import clean_markup

PAGE = "https://opendata.cern.ch/record/1"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("|eta| < 2.4 and pt > 3", "|eta| &lt; 2.4 and pt &gt; 3"),
        ("<p>∆R < 0.8</p>", "<p>∆R &lt; 0.8</p>"),
        ("std::vector<float> v", "std::vector&lt;float&gt; v"),
        ("a <b and c> d", "a &lt;b and c&gt; d"),
        ("<unknown>x</unknown>", "&lt;unknown&gt;x&lt;/unknown&gt;"),
        ("R&D, A &amp B, 1 &lt; 2", "R&amp;D, A &amp; B, 1 &lt; 2"),
        ("<script>alert", "&lt;script&gt;alert"),
        ("first\r\nsecond", "first<br>second"),
        ("a\u200bb\u00a0c\x00", "ab c"),
    ],
)
def test_text_that_is_no_markup_stays_text(source: str, expected: str) -> None:
    cleaned = clean_markup(source, base_url=PAGE)
    # In a paragraph, as the target resolves entities where no tag is, and would take the text for markup.
    assert (cleaned.html, cleaned.losses) == (
        f"<p>{expected}</p>" if "&" in expected and "<" not in expected else expected,
        (),
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<P ALIGN=center>a</P>", "<p>a</p>"),
        ("a<br/>b", "a<br>b"),
        ("<dl><dt>A</dt><dd>B</dd></dl>", "<div><div>A</div><div>B</div></div>"),
        ("<h6>A</h6><center>B</center>", "<h5>A</h5><div>B</div>"),
        ("<font color='red'>a</font> b", "a b"),
        (
            "<table><thead><tr><th>A</th></tr></thead></table>",
            "<table><tbody><tr><th>A</th></tr></tbody></table>",
        ),
        ("<p onclick='x()' style='y'>a</p><!-- b --><style>p {}</style>", "<p>a</p>"),
        ("<script>if (a < b) alert(1)</script>c", "c"),
    ],
)
def test_markup_becomes_what_the_target_takes(source: str, expected: str) -> None:
    cleaned = clean_markup(source, base_url=PAGE)
    assert (cleaned.html, cleaned.losses) == (expected, ())


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/record/5", "https://opendata.cern.ch/record/5"),
        ("/search?q=CMS&f=a", "https://opendata.cern.ch/search?q=CMS&amp;f=a"),
        ("#top", "https://opendata.cern.ch/record/1#top"),
        ("https://cern.ch", "https://cern.ch"),
    ],
)
def test_a_relative_link_becomes_absolute(href: str, expected: str) -> None:
    assert clean_markup(f'<a href="{href}">x</a>', base_url=PAGE).html == f'<a href="{expected}">x</a>'


@pytest.mark.parametrize("href", ["javascript:alert(1)", "root://eospublic.cern.ch//a", "http://[", "JaVaScRiPt:x"])
def test_a_link_that_cannot_be_kept_is_told_and_its_text_stays(href: str) -> None:
    cleaned = clean_markup(f'<a href="{href}">x</a>', base_url=PAGE)
    assert (cleaned.html, cleaned.losses) == ("<a>x</a>", (f"a link to {href}",))


def test_an_image_becomes_a_link_with_its_description() -> None:
    cleaned = clean_markup('<img src="/eos/a.png" alt="A <plot>">', base_url=PAGE)
    assert cleaned.html == '<a href="https://opendata.cern.ch/eos/a.png">[image: A &lt;plot&gt;]</a>'
    assert cleaned.losses == ()


def test_an_image_that_cannot_be_linked_is_told() -> None:
    assert clean_markup("a <img src='data:x'> b", base_url=PAGE).losses == ("an embedded image at data:x",)


@pytest.mark.parametrize("source", ["<td>A</td><td>B</td>", "<table>A<tr><td>B</td></tr>C</table>"])
def test_words_that_run_together_or_change_their_place_are_told(source: str) -> None:
    assert clean_markup(source, base_url=PAGE).losses == ("the text shown is not the text of the source",)


@pytest.mark.parametrize("part", ["<", "<a ", "<a b=", "<!--", "<script>", '<a b="', "<b c", "< p >"])
def test_markup_that_never_ends_stays_text_however_often_it_is_repeated(part: str) -> None:
    # Matching that looks ahead to the end of the text for each of these would not come back for hours.
    source = part * 20_000
    assert clean_markup(source, base_url=PAGE).text.split() == source.split()


def test_markup_nested_beyond_reason_is_carried_as_its_words_and_told() -> None:
    cleaned = clean_markup("<div>a &lt; b" * 2_000, base_url=PAGE)
    assert cleaned.losses == ("its markup, which is nested too deeply",)
    assert "<div>" not in cleaned.html
    assert cleaned.html.split("a &lt; b")[1:-1] == [" "] * 1_999
    assert cleaned.text.split() == ["a", "<", "b"] * 2_000


def test_text_longer_than_a_text_can_be_is_not_read_as_markup() -> None:
    cleaned = clean_markup("<b>x</b>" * 125_001, base_url=PAGE)
    assert cleaned.losses == ("its markup, which is longer than 1,000,000 characters",)
    assert cleaned.html.startswith("&lt;b&gt;x")


def test_a_large_table_is_no_deep_nesting() -> None:
    table = "<table>" + "<tr><td>1</td><td><b>2</b></td></tr>" * 10_000 + "</table>"
    assert clean_markup(table, base_url=PAGE).losses == ()


def test_long_text_is_kept_letter_by_letter_with_its_entities() -> None:
    source = "\u00a2&amp;\u20ac &lt; " * 20_000
    assert clean_markup(source, base_url=PAGE).html == f"<p>{source.strip()}</p>"


def test_attributes_beyond_reason_are_left_out_and_told() -> None:
    cleaned = clean_markup(f'<a href="/x" title="{"t" * 20_000}">here</a>', base_url=PAGE)
    assert (cleaned.html, cleaned.losses) == ("<a>here</a>", ("attributes of 20,019 characters",))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>a</p></p><p>b</p>", "<p>a</p> <p>b</p>"),
        ("<p>a</p><p>&nbsp;</p><p> <br> </p><p>b</p>", "<p>a</p>  <p>b</p>"),
        ("a</p>b", "a b"),
        ("<p></p>", ""),
    ],
)
def test_paragraphs_without_a_word_go_and_words_do_not_run_together(source: str, expected: str) -> None:
    assert clean_markup(source, base_url=PAGE).html == expected


@pytest.mark.parametrize("quotes", ["\u201c\u201d", "\u201d\u201d", "\u201e\u201c"])
def test_an_address_in_typographic_quotes_is_a_link_again(quotes: str) -> None:
    made = clean_markup(f"See <a href={quotes[0]}/record/1{quotes[1]}>it</a> and \u201cquotes\u201d.", base_url=PAGE)
    assert made.html == 'See <a href="https://opendata.cern.ch/record/1">it</a> and \u201cquotes\u201d.'
    assert made.losses == ()
