"""Addresses that must be signed just before they are opened, because a signature ages.

Planetary Computer gives its files to anyone who asks for a token first; its own library asks for
it, keeps it, and renews it before it ends.
"""

from gnomon.errors import AssetError
from gnomon.scene import Scene


def signed(scene: Scene, href: str, *, asset: str) -> str:
    """Address that can be opened now.

    Raises
    ------
    AssetError
        The provider's library is not installed, or its token service does not answer.

    """
    if scene.signing is None:
        return href
    try:
        import planetary_computer  # noqa: PLC0415  # an optional extra
    except ImportError as error:
        why = "Planetary Computer signs its files; install the extra: pip install gnomon[planetary]"
        raise AssetError(scene.id, asset, why) from error
    try:
        return str(planetary_computer.sign_url(href))
    except Exception as error:  # the library passes on whatever its HTTP client raises
        why = f"Planetary Computer did not sign it ({error}); try again later"
        raise AssetError(scene.id, asset, why) from error
