"""Scenes and tables with known truth."""
