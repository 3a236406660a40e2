"""Dilation and opening of large masks by discs, many times as fast as by a kernel.

64 pixels of a row are the bits of one number. A disc is a stack of chords, one for each row; each
chord is grown along the rows from the next shorter one by shifts of the bits, and all are joined.
Where scipy's binary_dilation visits every pixel of the disc, this does one operation on 64 pixels
for each pixel of the radius.
"""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Words = NDArray[np.uint64]
WORD = np.dtype("<u8")
WORD_BITS = 64


def dilate(mask: Mask, radius: float) -> Mask:
    """Pixels whose centres lie within a radius, in pixels, of a pixel of the mask."""
    reach = int(radius)
    if reach < 1 or not mask.any() or mask.all():
        return mask.copy()
    height, width = mask.shape
    bits = _packed(mask, reach)
    grown = np.zeros((height + 2 * reach, bits.shape[1]), WORD)
    along = bits.copy()
    half = 0
    for offset in range(reach, -1, -1):
        chord = int(np.sqrt(radius**2 - offset**2))
        for shift in range(half + 1, chord + 1):
            along |= _moved(bits, shift)
            along |= _moved(bits, -shift)
        half = chord
        for start in {reach - offset, reach + offset}:
            grown[start : start + height] |= along
    seen = grown[reach : reach + height].view(np.uint8)
    return np.unpackbits(seen, axis=1, count=width, bitorder="little").view(bool)


def _packed(mask: Mask, margin: int) -> Words:
    """Bits of a mask, at least so many more in each row."""
    octets = np.packbits(mask, axis=1, bitorder="little")
    bits = np.zeros((len(mask), 8 * -(-(mask.shape[1] + margin) // WORD_BITS)), np.uint8)
    bits[:, : octets.shape[1]] = octets
    return bits.view(WORD)


def _moved(bits: Words, by: int) -> Words:
    """Move each bit along; what leaves a row falls into the margin of another."""
    words, rest = divmod(by, WORD_BITS)
    # A shift by all of a word's bits leaves nothing.
    high = np.roll(bits, words) << np.uint64(rest)
    return high | (np.roll(bits, words + 1) >> np.uint64(WORD_BITS - rest))


def opened(mask: Mask, radius: float) -> Mask:
    """What a disc of a radius, in pixels, covers while it stays in the mask or off the window."""
    if not mask.any():
        return mask
    return dilate(~dilate(~mask, radius), radius) & mask
