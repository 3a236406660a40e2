"""The physics behind the load state, as a library on numpy: shadows, hydrostatics, conversion."""
