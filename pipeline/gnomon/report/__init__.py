"""What others see of a run: the evidence page, exports and figures."""
