"""What should be known of images that are catalogued: what cannot be found or determined in them.

A note names the first images that it holds for, and what to give for more.
"""

from collections.abc import Callable, Iterator, Sequence

from gnomon.catalog.local.item import Image

NAMED = 3
VISIBLE = ("red", "green", "blue")
REFLECTANCE = (0.02, 3.0)
"""Of the brightest pixels: an image without a ship, a quay, surf or cloud is rare."""


def notes_on(images: Sequence[Image]) -> Iterator[str]:
    """Notes on images that can be used."""
    for holds, text in _NOTES.items():
        names = [image.name for image in images if holds(image)]
        if names:
            more = len(names) - NAMED
            some = ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
            yield f"{some}: {text}"


def _has_counts(image: Image) -> bool:
    """Whether the meaning of the numbers is unknown."""
    scaled = image.metadata.scale is not None or {*image.file.scales} != {1.0}
    whole = "int" in image.file.data_type
    return not scaled and (whole or image.file.bright > REFLECTANCE[1])


def _has_strange_scale(image: Image) -> bool:
    """Whether scaled numbers are no reflectances."""
    metadata, file = image.metadata, image.file
    scale, offset = file.scales[0], file.offsets[0]
    if metadata.scale is not None:
        scale, offset = metadata.scale, metadata.offset or 0.0
    least, most = REFLECTANCE
    return not _has_counts(image) and not least <= file.bright * scale + offset <= most


def _shows_no_water(image: Image) -> bool:
    return "nir" not in image.bands and not _is_visible_only(image)


def _is_visible_only(image: Image) -> bool:
    return "nir" not in image.bands and {*VISIBLE} <= {*image.bands}


def _has_no_view(image: Image) -> bool:
    metadata = image.metadata
    zenith = (metadata.view_zenith_deg, metadata.off_nadir_deg)
    return metadata.view_azimuth_deg is None or zenith == (None, None)


_NOTES: dict[Callable[[Image], bool], str] = {
    _has_counts: (
        "no scale is given, so the numbers stay counts; for reflectance x 10000 give --scale 1e-4, "
        "for Sentinel-2's true colour of 8 bits --scale 0.00139"
    ),
    _has_strange_scale: (
        "with this scale the brightest pixels have reflectances below 0.02 or above 3; check "
        "--scale and --offset"
    ),
    _shows_no_water: (
        "no near infrared, and not all of red, green and blue, so water and ships cannot be found; "
        "loads of ships that you found yourself can be determined (gnomon load)"
    ),
    _is_visible_only: (
        "no near infrared, so water is found by its texture in red, green and blue, and of the "
        "ships at quays fewer are found"
    ),
    _has_no_view: (
        "no view angles, so fewer loads can be determined; give --view-zenith and --view-azimuth"
    ),
}
