"""What others see of a run: the evidence page, exports and figures.

Everything here reads a run folder and never a catalogue. A run writes its tables, and beside them
the evidence for each hull (pixels, fit, posterior); page, exports and figures show these as they
are. They search no provider, open no scene and fit nothing again, so that what a reader sees is
what the numbers were computed from, also without a network and after the provider is gone.
"""
