"""The benchmarks use the fixtures of the browser tests."""

from browser.conftest import browsers, new_page, site

__all__ = ["browsers", "new_page", "site"]
