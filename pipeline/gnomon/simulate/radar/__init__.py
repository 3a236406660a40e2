"""Radar scenes with truth: Sentinel-1 GRD products as files, and the ships in them."""
