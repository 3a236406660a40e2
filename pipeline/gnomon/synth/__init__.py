"""Scenes with known truth, as pixels and as tables."""
