"""Names in an archive: each its own, and none that reaches out of the folder it is unpacked in."""

from __future__ import annotations

import pytest

from portal import member_names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Bente – Größe 34.pdf", "Bente – Größe 34.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b.pdf", "a_b.pdf"),
        ('"quoted"\n.pdf', "_quoted_.pdf"),
        ("pattern 🧵.pdf", "pattern 🧵.pdf"),
        ("con.pdf", "_con.pdf"),
        ("LPT1", "_LPT1"),
        (" .hidden ", "hidden"),
        ("…", "…"),
        ("..", "Datei"),
        ("", "Datei"),
        ("\0\x1b\u202e", "Datei"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(name, safe):
    assert member_names.safe(name) == safe


def test_a_long_name_keeps_its_ending():
    assert member_names.safe("x" * 500 + ".pdf") == "x" * 116 + ".pdf"


def test_equal_names_are_told_apart_before_the_ending_and_not_by_case():
    names = ["bente.pdf", "Bente.PDF", "bente.pdf", "bente (2).pdf", "a/b", "a\\b"]

    assert member_names.unique(names) == [
        "bente.pdf",
        "Bente (2).PDF",
        "bente (3).pdf",
        "bente (2) (2).pdf",
        "a_b",
        "a_b (2)",
    ]
