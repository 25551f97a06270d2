"""A place for the original and one for its stamped copy."""

import pytest


@pytest.fixture
def source(tmp_path):
    return tmp_path / "source.pdf"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target.pdf"
