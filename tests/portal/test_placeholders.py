"""What a merchant may have meant as a placeholder, and that nobody fills, is told."""

from __future__ import annotations

import pytest

from portal import message_templates, placeholders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hallo {UserName}", ()),
        ("Hallo { UserName }", ("{ UserName }",)),
        ("Hallo {user_name}, {Order-Number}", ("{user_name}", "{Order-Number}")),
        ("Hallo {UserName, danke", ("{UserName",)),
        ("Hallo {UserName\nund {Rest} und {Rest}", ("{UserName", "{Rest}")),
        ("<p>{<b>UserName</b>}</p>", ("{",)),
        ("ein { allein", ("{",)),
        ("{{UserName}}", ("{",)),
        ("{" + "a" * 5000, ("{" + "a" * 40,)),
    ],
)
def test_what_nothing_fills_is_named_as_it_is_read(text, told):
    assert placeholders.unknown(text, message_templates.PLACEHOLDERS) == told
