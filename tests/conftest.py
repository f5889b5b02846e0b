"""What tests of several files share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.story import Story

# The same examples in every run, so that a failure is one of the change that it shows in; FIREWALL_TEST_RANDOM=1 draws
# others, which is how new ones are found.
settings.register_profile("repeatable", derandomize=True, database=None)
if os.environ.get("FIREWALL_TEST_RANDOM", "0") == "0":
    settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The sample, loaded once in each process."""
    loaded = Story(tmp_path_factory.mktemp("story"))
    yield loaded
    loaded.connection.close()
