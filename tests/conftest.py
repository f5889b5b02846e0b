"""What tests of several files share."""

from collections.abc import Iterator

import pytest

from tests.story import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The sample, loaded once in each process."""
    loaded = Story(tmp_path_factory.mktemp("story"))
    yield loaded
    loaded.connection.close()
