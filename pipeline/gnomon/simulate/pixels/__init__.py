"""Scenes with known truth, as pixels."""
