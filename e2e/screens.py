"""The screens that every page has to fit: a small phone by day and a desk by night, or with E2E_SCREENS=all, six."""

from __future__ import annotations

import os

import pytest

CORNERS = [(320, "light"), (1280, "dark")]
EVERY = [(width, scheme) for width in (320, 390, 1280) for scheme in ("light", "dark")]

on_screens = pytest.mark.parametrize(
    ("width", "scheme"),
    EVERY if os.environ.get("E2E_SCREENS") == "all" else CORNERS,
)
"""`width` in CSS pixels, `scheme` as in prefers-color-scheme."""
