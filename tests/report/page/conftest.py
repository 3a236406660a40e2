"""A browser for the tests of the page."""

from collections.abc import Iterator
from typing import Any

import pytest

from browsers import Open, launched, watched


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    yield from launched()


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    yield from watched(browser)
