"""How HTML descriptions become plain text, and what facts are found in them."""

from hypothesis import given
from hypothesis import strategies as st

from shop.catalogue.body import facts, plain_text


def test_paragraphs_are_apart_and_list_items_have_bullets() -> None:
    body = '<meta charset="utf-8"><p><span>A <b>kit</b>\n of care.</span></p><ul><li>Wash (2 oz)</li><li><p>Balm</p></li></ul><p>In a tin.</p>'
    assert plain_text(body) == "A kit of care.\n\n• Wash (2 oz)\n• Balm\n\nIn a tin."


def test_scripts_styles_and_frames_leave_nothing_behind() -> None:
    body = '<script>alert(1)</script><style>p{}</style><p>Left</p><iframe src="https://x.example"></iframe>'
    assert plain_text(body) == "Left"


def test_entities_and_line_breaks_are_read() -> None:
    assert plain_text("Fish &amp; chips<br>1 &lt; 2") == "Fish & chips\n1 < 2"


def test_plain_text_stays_as_it_is_with_its_lists() -> None:
    assert plain_text("One\n\n\n\n- two\n* three &amp; four") == "One\n\n• two\n• three & four"


def test_a_table_row_of_two_cells_is_a_label_and_its_value() -> None:
    body = "<table><tr><th>Weight</th><td>334 g</td></tr><tr><td>S</td><td>M</td><td>L</td></tr></table>"
    assert plain_text(body) == "• Weight: 334 g\n• S · M · L"


def test_unclosed_markup_is_repaired() -> None:
    assert plain_text("<ul><li>one<li>two</ul><p>three") == "• one\n• two\n\nthree"


def test_facts_are_short_labels_with_a_value() -> None:
    text = "Note: not a list\n\n• Material: Steel\n• Please note that this is long: no\n• Opens 10:30\n• Material: Tin\n• Weight (g): 232"
    assert facts(text) == {"Material": "Steel", "Weight (g)": "232"}


@given(st.text(max_size=400) | st.text("<>/lipu \n&;=\"'a", max_size=400))
def test_any_text_can_be_a_description(body: str) -> None:
    facts(plain_text(body))
