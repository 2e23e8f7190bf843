"""Guards that markup which is not shown to the sanitiser is what the sanitiser would have made of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.metadata import markup
from cern_assets.metadata.markup import clean_markup, visible_text
from cern_assets.metadata.plain_markup import plain_markup

BASE = "https://opendata.cern.ch/record/133"


def page() -> markup._Base:
    return markup._Base(BASE, "https://opendata.cern.ch")


NAMES = ("p", "i", "b", "em", "strong", "code", "sub", "sup", "blockquote", "ul", "ol", "li")
TOKENS = (
    *(f"<{name}>" for name in NAMES),
    *(f"</{name}>" for name in NAMES),
    *(
        "<br>",
        "<br/>",
        "<br />",
        "</a>",
        '<a href="/record/5500">',
        '<a href="https://cern.ch/x.html#a" target="_blank">',
        '<a href="/record/1"><a href="/record/2">two</a></a>',
        '<a href="/search?type=Dataset&subtype=Simulated&lt=1">',
        '<a href="/search?a=1&amp;b=2">',
        '<a href="/search?a=1&copy">',
    ),
    *(
        '<a href="javascript:alert(1)">',
        '<a href="?a=1">',
        "<a>",
        "<p class='x'>",
        "<script>",
        "<table>",
        "</td>",
        "<img>",
    ),
    *(
        "words",
        " ",
        "\n",
        "\t",
        "\r",
        "|eta| < 2.4",
        "5 > 4",
        "->",
        "&amp;",
        "&lt;b&gt;",
        "&nbsp;",
        "&eacute;",
        "&",
        ";",
    ),
    *("é", "\u200b", "\xa0", "\u2028", "&amp;lt;"),
)


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=14).map("".join))
def test_what_no_sanitiser_is_asked_about_is_what_it_would_have_said(source: str) -> None:
    plain = plain_markup(source, page().resolved)
    if plain is not None:
        assert markup.Markup(*plain, ()) == markup._sanitised(source, page())


@settings(max_examples=500, deadline=None)
@given(
    st.text("/.ab-_#?=%+~:;&h1", max_size=12), st.sampled_from(["", "/", "http://x", "https://opendata.cern.ch", "//x"])
)
def test_an_address_is_resolved_as_a_browser_does_whether_or_not_it_is_plain(address: str, start: str) -> None:
    assert page().resolved(start + address) == markup._absolute(BASE, start + address)


def test_a_text_is_remembered_for_all_pages_only_where_no_address_depends_on_its_own() -> None:
    other = "https://opendata.cern.ch/record/134"
    for _ in range(2):
        assert (
            clean_markup('<a href="/record/1">a</a>', base_url=BASE).html
            == '<a href="https://opendata.cern.ch/record/1">a</a>'
        )
        for base in (BASE, other):
            assert clean_markup('<a href="#x">a</a>', base_url=base).html == f'<a href="{base}#x">a</a>'


def test_a_link_in_a_link_is_plain() -> None:
    source = '<p>In <a href="/record/1"><a href="/record/2">two</a></a> links</p>'
    plain = plain_markup(source, page().resolved)
    assert plain is not None
    assert markup.Markup(*plain, ()) == markup._sanitised(source, page())


def test_ordinary_markup_of_the_portal_is_plain() -> None:
    source = ' <p>Seen <i>online</i> on run 198022 (<a href="/record/6114">/cdaq/physics</a>)<p>and more &amp; more\n'
    expected = (
        '<p>Seen <i>online</i> on run 198022 (<a href="https://opendata.cern.ch/record/6114">/cdaq/physics</a>)</p>'
        "<p>and more &amp; more\n</p>"
    )
    plain = plain_markup(source, page().resolved)
    assert plain is not None
    assert plain[0] == expected == clean_markup(source, base_url=BASE).html
    assert plain[1].split() == visible_text(expected).split()
