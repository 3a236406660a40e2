"""Pure geometry: grids, windows, axes, regions and the position of the sun."""
