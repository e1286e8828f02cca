"""What is put into a page stays what it is: text is text, data is data, and no text ends a script."""

import json
from html.parser import HTMLParser

import numpy as np

from pipeline.reporting.rendering import asset, json_script

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 \" ' & \x00 \U0001f600 \u202e"


class Scripts(HTMLParser):
    """The content of the scripts of a page, by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.id, self.found = "", dict[str, str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.id = dict(attrs).get("id") or ""

    def handle_data(self, data: str) -> None:
        self.found[self.id] = self.found.get(self.id, "") + data


def test_data_come_back_as_they_were_whatever_text_they_hold() -> None:
    value = {HOSTILE: [HOSTILE, 1, 0.5, None, True], "deep": {"a": []}}
    found = Scripts(json_script("x", value)).found
    assert list(found) == ["x"]
    assert json.loads(found["x"]) == value


def test_numbers_of_arrays_are_plain_and_undefined_ones_are_null() -> None:
    value = {"a": np.array([[1.5, np.nan]]), "b": np.float32(np.inf), "c": (np.int64(3),)}
    assert json.loads(Scripts(json_script("x", value)).found["x"]) == {"a": [[1.5, None]], "b": None, "c": [3]}


def test_an_id_is_escaped() -> None:
    assert json_script('"><i>', 1).startswith('<script type="application/json" id="&#34;&gt;&lt;i&gt;">')


def test_our_scripts_hold_nothing_that_ends_a_script_element() -> None:
    for name in ("page.js", "utterance.js"):
        assert "</script" not in asset(name)
        assert "<!--" not in asset(name)
