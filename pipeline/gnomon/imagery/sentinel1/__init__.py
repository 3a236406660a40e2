"""Sentinel-1 GRD as linear sigma0 on the product's own grid of lines and samples."""
