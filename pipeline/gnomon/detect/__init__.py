"""Pixels in, ships out."""
