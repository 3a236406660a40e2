"""Scene and area in, calibrated pixels out, with the water and what hides it; no ships."""
