"""STAC catalogues in, scenes out: what was imaged, when, and under which angles."""
