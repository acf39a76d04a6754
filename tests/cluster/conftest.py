"""Where these tests are."""

import pytest

from tests.cluster.place import Place


@pytest.fixture
def place(clustered: Place) -> Place:
    """The cluster."""
    return clustered
