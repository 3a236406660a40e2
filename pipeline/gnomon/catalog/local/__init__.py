"""A researcher's own images as a static STAC catalogue."""
