"""Seasons with known truth, as tables."""
