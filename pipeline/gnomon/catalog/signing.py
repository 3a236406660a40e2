"""Addresses that must be signed just before they are opened, because a signature ages.

Planetary Computer gives its files to anyone who asks for a token first; its own library asks for
it, keeps it, and renews it before it ends.
"""

from gnomon.datamodel.scene import Signing


class SigningError(Exception):
    """An address could not be signed: why, and what to do."""


def signed(href: str, signing: Signing | None) -> str:
    """Address that can be opened now.

    Raises
    ------
    SigningError
        The provider's library is not installed, or its token service does not answer.

    """
    if signing is None:
        return href
    try:
        import planetary_computer  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        why = "Planetary Computer signs its files; install the extra: pip install gnomon[planetary]"
        raise SigningError(why) from error
    try:
        return str(planetary_computer.sign_url(href))
    except Exception as error:  # the library passes on all that its HTTP client raises
        why = f"Planetary Computer did not sign it ({error}); try again later"
        raise SigningError(why) from error
