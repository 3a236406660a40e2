"""Catalogue in, calibrated pixels out: scenes, their angles, their usable water."""
