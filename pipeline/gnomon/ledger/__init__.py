"""From visits to barrels, with uncertainty, against the cap."""
