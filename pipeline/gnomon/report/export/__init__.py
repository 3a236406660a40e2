"""A run in the formats that others open."""
