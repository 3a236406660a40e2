"""Addresses are signed by the provider's own library, and its failures are one line."""

import sys
from types import SimpleNamespace

import pytest

from gnomon.catalog.signing import SigningError, signed

HREF = "https://sentinel2l2a01.blob.core.windows.net/x.tif"


def test_an_address_that_needs_no_signature_stays_as_it_is() -> None:
    assert signed(HREF, None) == HREF


def test_the_library_of_the_provider_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(sign_url=lambda href: f"{href}?sig=1")
    monkeypatch.setitem(sys.modules, "planetary_computer", library)
    assert signed(HREF, "planetary-computer") == f"{HREF}?sig=1"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "planetary_computer", None)
    with pytest.raises(SigningError, match=r"pip install gnomon\[planetary\]"):
        signed(HREF, "planetary-computer")


def test_a_token_service_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_href: str) -> str:
        raise ConnectionError("no route")

    monkeypatch.setitem(sys.modules, "planetary_computer", SimpleNamespace(sign_url=fail))
    with pytest.raises(SigningError, match=r"did not sign it \(no route\); try again later"):
        signed(HREF, "planetary-computer")
