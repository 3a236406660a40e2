"""What is secret in an address is in no message, wherever the address stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.datamodel.addresses import without_secrets

WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~%+", min_size=3, max_size=12)
KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=20)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET https://a:b@example.org/c.tif?sig=k: 403", "GET https://example.org/c.tif: 403"),
        ("url: /v1/x?token=abc (Caused by X)", "url: /v1/x (Caused by X)"),
        ("https://user:p@ss@example.org/x", "https://example.org/x"),
        ("/vsicurl/https://example.org/x.tif?sig=a;b", "/vsicurl/https://example.org/x.tif"),
        (
            "see https://example.org/a, or b; why? because",
            "see https://example.org/a, or b; why? because",
        ),
        (
            "'https://example.org/a?b=c' at s3://bucket/key",
            "'https://example.org/a' at s3://bucket/key",
        ),
        ("https://example.org/#access_token=K", "https://example.org/"),
        ("/home/a/b.tif is not there", "/home/a/b.tif is not there"),
    ],
)
def test_messages_keep_all_that_is_not_secret(text: str, clean: str) -> None:
    assert without_secrets(text) == clean


@given(
    user=KEYS, word=KEYS, key=KEYS, host=WORDS, path=WORDS, parameter=WORDS,
    before=st.sampled_from(["", "cannot read ", "(", "'", "/vsicurl/"]),
    after=st.sampled_from(["", " failed", ")", "'", ": 403", "; try again", "&x=1"]),
)  # fmt: skip
def test_no_secret_is_left(
    user: str, word: str, key: str, host: str, path: str, parameter: str, before: str, after: str
) -> None:
    text = f"{before}https://{user}:{word}@{host}/{path}?{parameter}={key}{after}"
    clean = without_secrets(text)
    assert not any(secret in clean for secret in (user, word, key))
    assert clean.startswith(f"{before}https://{host}/")
    assert without_secrets(clean) == clean
