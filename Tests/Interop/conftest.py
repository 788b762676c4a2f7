"""Daemons that tests share."""
import pytest

from daemon import SAMPLE, daemon


@pytest.fixture(scope="session")
def sample_url():
    """A daemon that serves the sample checkpoint."""
    with daemon(SAMPLE) as url:
        yield url
