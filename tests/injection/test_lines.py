"""Lines of a text, and edits between them."""

import pytest
import yaml

from sidecar.injection.lines import Edit, Lines, ends_where_it_says

TEXT = "a:\n  b: 1\n  # about c\n\n  # also\n  c: 2\n- d: 1\n"


def test_places_in_a_line():
    lines, at = Lines(TEXT), TEXT.index("b:")
    assert (lines.start(at), lines.end(at), lines.column(at), lines.inset(at)) == (3, 10, 2, 2)
    assert lines.is_first(at)
    assert not lines.is_first(at + 1)
    assert lines.end(len(TEXT) - 1) == len(TEXT) == lines.end(len(TEXT))


def test_dash_before_an_item():
    assert TEXT[Lines(TEXT).dash(TEXT.index("d:")) :] == "- d: 1\n"


def test_new_lines_go_above_the_comment_that_is_about_the_key():
    lines = Lines(TEXT)
    assert lines.edited([lines.before(TEXT.index("c: 2"), ["x: 1", "y: 2"])]) == TEXT.replace(
        "  # also\n", "  x: 1\n  y: 2\n  # also\n"
    )


def test_new_lines_before_a_key_behind_a_dash():
    lines = Lines(TEXT)
    assert lines.edited([lines.before(TEXT.index("d:"), ["x: 1"])]).endswith("- x: 1\n  d: 1\n")


def test_comment_that_stands_elsewhere_is_not_about_the_key():
    text = "a:\n    # of a\n  b: 1\n"
    lines = Lines(text)
    assert lines.edited([lines.before(text.index("b:"), ["x: 1"])]) == "a:\n    # of a\n  x: 1\n  b: 1\n"


def test_lines_end_as_the_first_one_does():
    lines = Lines("a: 1\r\nb: 2\r\n")
    assert lines.edited([lines.before(6, ["x: 1"])]) == "a: 1\r\nx: 1\r\nb: 2\r\n"


def test_text_without_a_last_end_of_line__gets_none():
    lines = Lines("a: 1")
    assert lines.edited([lines.after(4, 0, ["x: 1", "y: 2"])]) == "a: 1\nx: 1\ny: 2"


def test_what_is_deeper_comes_first_at_the_same_place():
    lines = Lines("a:\n  b: 1\n")
    edits = [lines.after(10, 0, ["x: 1"]), lines.after(10, 2, ["c: 1"])]
    assert lines.edited(edits) == lines.edited(reversed(edits)) == "a:\n  b: 1\n  c: 1\nx: 1\n"


def test_blanking_takes_the_spaces_before():
    text = "a:   []  # none\n"
    assert Lines(text).edited([Lines(text).blank(5, 7)]) == "a:  # none\n"


def test_edits_replace():
    assert Lines("abc").edited([Edit(1, 0, 2, "X")]) == "aXc"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("a: 1\nb: 2\n", "a: 1\n"),
        ("a:\n  b: 1\n# of c\nc: 1\n", "a:\n  b: 1\n"),
        ("a:\n- 1\n-\n  x: 1\nc: 1\n", "a:\n- 1\n-\n  x: 1\n"),
        ("a: |\n  text\n\n  # text\nc: 1\n", "a: |\n  text\n\n  # text\n"),
        ("a: [\n1\n]\nc: 1\n", "a: [\n1\n]\n"),
        ("a:\n  b: 1\n# less deep\n  c: 1\n\n\n---\n", "a:\n  b: 1\n# less deep\n  c: 1\n"),
        ("a: 1", "a: 1"),
    ],
    ids=["scalar", "comment below", "list below", "block scalar", "brackets", "comment between", "no end of line"],
)
def test_end_of_an_entry(text, entry):
    root = yaml.compose(text.partition("---")[0], yaml.SafeLoader)
    assert root is not None
    key, value = root.value[0]
    assert text[: Lines(text).end_of_entry(key.start_mark.index, value)] == entry


@pytest.mark.parametrize(("text", "says"), [("a", True), ("|\n  a\n", False), ("{a: 1}", True), ("a: 1", False)])
def test_only_blocks_have_no_end_of_their_own(text, says):
    node = yaml.compose(text, yaml.SafeLoader)
    assert node is not None
    assert ends_where_it_says(node) is says
