"""Broken PDFs end as a stamp that readers find on every page, or as a refusal: nothing else ever comes of them.

`make fuzz MINUTES=30` looks for longer, with dice of its own; what it finds becomes a test here.
"""

import random

import pytest

from tests.pdfkit import mutants


@pytest.mark.parametrize("seed", range(12))
def test_a_broken_file_is_stamped_on_every_page_or_refused_by_a_named_cause(seed, tmp_path):
    dice = random.Random(seed)

    for _ in range(10):
        assert mutants.trouble(mutants.mutant(dice), tmp_path) is None
