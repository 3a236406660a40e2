"""Figures of scenes and ships."""
