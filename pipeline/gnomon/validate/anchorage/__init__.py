"""A season of real pixels, ten dates of an anchorage, beside its labels."""
