"""The benchmarks use the fixtures of the browser tests, with browsers as users have them."""

import pytest

from browser.conftest import browsers, changed_site, new_page, site

__all__ = ["browsers", "changed_site", "new_page", "site"]


@pytest.fixture(scope="session")
def lean() -> bool:
    """See `browser.conftest.lean`."""
    return False
