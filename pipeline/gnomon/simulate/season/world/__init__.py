"""Seasons that break the assumptions of the inference one by one, with truth, as tables.

`gnomon.simulate.season.world.season.simulate_world` is the judge of the inference of visits and
barrels. It is written from what is known of the ships, the orbits, the weather and the detector,
never from the inference; each assumption that the real world breaks is a switch of
`gnomon.simulate.season.world.options.World`.
"""
