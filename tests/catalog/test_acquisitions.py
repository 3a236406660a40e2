"""One observation per pass: laws over made footprints, a brute-force search, and a real pair."""

import dataclasses
import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pystac
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, union_all
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from gnomon.catalog.acquisitions import HALF_ORBIT, LEAST_GAIN, deduplicate, versions_left_out
from gnomon.catalog.items import scene_from_item
from gnomon.datamodel.scene import Scene

PORT = box(0, 0, 1, 1)
NOON = datetime(2024, 4, 3, 2, 12, tzinfo=UTC)


def scene(
    name: str,
    footprint: BaseGeometry = PORT,
    *,
    after: timedelta = timedelta(0),
    platform: str = "sentinel-2a",
    processed: int | None = None,
) -> Scene:
    made = None if processed is None else NOON + timedelta(days=processed)
    return Scene(
        id=name, collection="c", platform=platform, sensor="optical", seen_at=NOON + after,
        footprint=footprint, gsd_m=10, processed_at=made,
    )  # fmt: skip


def names(scenes: tuple[Scene, ...]) -> list[str]:
    return [scene.id for scene in scenes]


def test_of_two_processings_the_later_is_kept_even_if_drawn_smaller() -> None:
    old = scene("old", box(-1, -1, 2, 2), processed=1)
    new = scene("new", box(0, 0, 1, 0.995), processed=300, after=timedelta(seconds=3))
    undated = scene("undated", box(-1, -1, 2, 2))
    for order in ([old, new, undated], [undated, new, old]):
        assert names(deduplicate(order, PORT)) == ["new"]


def test_the_tile_that_covers_the_port_is_kept_though_its_neighbour_is_newer() -> None:
    whole = scene("whole", box(-5, -5, 2, 2), processed=1)
    part = scene("part", box(0.4, -5, 8, 2), processed=9, after=timedelta(seconds=12))
    assert names(deduplicate([part, whole], PORT)) == ["whole"]


def test_tiles_that_each_show_a_part_are_both_kept() -> None:
    left = scene("left", box(-5, -5, 0.6, 2))
    right = scene("right", box(0.5, -5, 8, 2), after=timedelta(seconds=4))
    sliver = scene("sliver", box(0.2, -5, 0.7, 2), after=timedelta(seconds=5))
    assert names(deduplicate([sliver, right, left], PORT)) == ["left", "right"]


def test_other_satellites_and_other_orbits_are_other_looks() -> None:
    scenes = [
        scene("a"),
        scene("tandem", platform="sentinel-2c", after=timedelta(seconds=30)),
        scene("next orbit", after=timedelta(minutes=98)),
        scene("next day", after=timedelta(days=1)),
    ]
    assert names(deduplicate(scenes, PORT)) == ["a", "tandem", "next orbit", "next day"]


def test_what_does_not_show_the_port_is_left_out() -> None:
    assert (
        deduplicate([scene("touches", box(1, 0, 2, 1)), scene("far", box(5, 5, 6, 6))], PORT) == ()
    )


def test_without_an_area_neighbours_stay_and_versions_go() -> None:
    tiles = [scene(f"tile {x}", box(x, 0, x + 1.1, 1.1), processed=1) for x in range(4)]
    again = scene("tile 2, again", box(2, 0, 3.1, 1.1), processed=5)
    assert names(deduplicate([*tiles, again], None)) == [
        "tile 0",
        "tile 1",
        "tile 2, again",
        "tile 3",
    ]


def test_a_small_image_in_a_wide_search_is_kept() -> None:
    assert names(deduplicate([scene("chip", box(3, 3, 3.01, 3.01))], box(0, 0, 20, 20))) == ["chip"]


def degrees(least: float, most: float) -> st.SearchStrategy[float]:
    """To a tenth of a metre: no footprint is told finer."""
    return st.floats(least, most).map(lambda value: round(value, 6))


boxes = st.builds(
    lambda x, y, w, h: box(x, y, x + w, y + h),
    degrees(-1, 0.9), degrees(-1, 0.9), degrees(0.2, 2), degrees(0.2, 2),
)  # fmt: skip


@given(
    footprints=st.lists(boxes, min_size=1, max_size=7),
    processed=st.lists(st.integers(0, 3), min_size=7, max_size=7),
    seed=st.integers(0, 99),
)
def test_once_loses_no_ground_and_does_not_depend_on_order(
    footprints: list[BaseGeometry], processed: list[int], seed: int
) -> None:
    scenes = [
        scene(str(n), footprint, processed=processed[n], after=timedelta(seconds=n))
        for n, footprint in enumerate(footprints)
    ]
    kept = deduplicate(scenes, PORT)
    shuffled = scenes.copy()
    random.Random(seed).shuffle(shuffled)
    assert deduplicate(shuffled, PORT) == kept
    seen = union_all([one.footprint & PORT for one in scenes]).area
    still = union_all([one.footprint & PORT for one in kept]).area
    assert still >= seen - 0.01 * len(scenes)


def test_the_real_acquisition_that_two_collections_list(shared_data: Path) -> None:
    folder = shared_data / "stac-items"
    both = [
        scene_from_item(pystac.Item.from_dict(pystac.StacIO.default().read_json(str(path)),
                                              migrate=False))
        for path in sorted(folder.glob("earth-search_S2B_*20EPT*L2A.json"))
    ]  # fmt: skip
    assert len({one.collection for one in both}) == 2
    assert len(deduplicate(both, None)) == 1
    older = dataclasses.replace(both[0], processed_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert deduplicate([older, both[1]], None) == (both[1],)


def test_a_chain_without_end_is_not_one_pass() -> None:
    """Scenes of one platform every half hour for a month."""
    chain = [scene(f"{n:04d}", after=n * timedelta(minutes=30)) for n in range(1500)]
    kept = deduplicate(chain, PORT)
    apart = [later.seen_at - one.seen_at for one, later in itertools.pairwise(kept)]
    assert min(apart) > HALF_ORBIT
    assert max(apart) <= 2 * HALF_ORBIT
    assert kept[0].seen_at - NOON <= HALF_ORBIT
    assert chain[-1].seen_at - kept[-1].seen_at <= HALF_ORBIT


GRID = box(0, 0, 9, 9)
corners = st.tuples(st.integers(-3, 8), st.integers(-3, 8), st.integers(1, 6), st.integers(1, 6))
on_grid = corners.map(lambda c: box(c[0], c[1], c[0] + c[2], c[1] + c[3]))
"""Of whole numbers: their areas are exact."""
days = st.lists(
    st.builds(
        lambda footprint, minutes, platform, processed: (footprint, minutes, platform, processed),
        on_grid, st.integers(0, 200), st.sampled_from("ab"), st.none() | st.integers(0, 2),
    ),
    max_size=12,
)  # fmt: skip


def made(day: list[tuple[BaseGeometry, int, str, int | None]]) -> list[Scene]:
    return [
        scene(str(n), one, after=timedelta(minutes=m), platform=platform, processed=processed)
        for n, (one, m, platform, processed) in enumerate(day)
    ]


def one_pass(one: Scene, other: Scene) -> bool:
    return one.platform == other.platform and abs(one.seen_at - other.seen_at) <= HALF_ORBIT


def brute_force(scenes: list[Scene], area: BaseGeometry) -> set[tuple[str, float]]:
    """Names of what is kept and the ground left to each, everything computed anew at each step."""
    left = [one for one in scenes if (one.footprint & area).area > 0]
    kept: list[Scene] = []
    out: set[tuple[str, float]] = set()

    def gain(one: Scene) -> float:
        others = union_all([k.footprint for k in kept if one_pass(one, k)] or [Polygon()])
        return ((one.footprint & area) - others).area

    def least(one: Scene) -> float:
        return LEAST_GAIN * min(one.footprint.area, area.area)

    while left := [
        one for one in left
        if gain(one) > least(one) or not any(one_pass(one, k) for k in kept)
    ]:  # fmt: skip
        best = max(sorted(left, key=lambda s: (s.platform, s.seen_at, s.id)), key=gain)
        like = [
            one for one in left
            if one_pass(one, best) and (one.footprint & area).intersects(best.footprint & area)
            and gain(one) >= gain(best) - least(best)
        ]  # fmt: skip
        early = datetime.min.replace(tzinfo=UTC)
        newest = max(like, key=lambda s: (s.processed_at or early, s.id))
        out.add((newest.id, gain(newest)))
        kept.append(newest)
        left.remove(newest)
    return out


@given(day=days)
def test_as_a_search_by_brute_force(day: list[tuple[BaseGeometry, int, str, int | None]]) -> None:
    kept = deduplicate(made(day), GRID)
    shown = {(one.id, ((one.footprint & GRID) - (one.covered or Polygon())).area) for one in kept}
    assert shown == brute_force(made(day), GRID)


@given(day=days, seed=st.integers(0, 99))
def test_what_is_left_out_is_seen_in_the_same_pass(
    day: list[tuple[BaseGeometry, int, str, int | None]], seed: int
) -> None:
    """And the order does not matter, nor what happens in other passes."""
    scenes = made(day)
    kept = deduplicate(scenes, GRID)
    shuffled = scenes.copy()
    random.Random(seed).shuffle(shuffled)
    assert deduplicate(shuffled, GRID) == kept
    for one in scenes:
        beside = [k.footprint for k in kept if one_pass(one, k)]
        unseen = (one.footprint & GRID) - union_all(beside or [Polygon()])
        assert unseen.area <= LEAST_GAIN * one.footprint.area
    tomorrow = [dataclasses.replace(s, seen_at=s.seen_at + timedelta(days=1)) for s in scenes]
    both = deduplicate([*scenes, *tomorrow], GRID)
    assert both[: len(kept)] == kept
    assert both[len(kept) :] == deduplicate(tomorrow, GRID)


@st.composite
def listings(draw: st.DrawFn) -> list[Scene]:
    """Products of some tiles and days, in several processings, in two collections."""
    found = []
    for tile, day in draw(st.sets(st.tuples(st.sampled_from("AB"), st.integers(1, 3)), max_size=4)):
        start = datetime(2024, 4, day, 2, 12, tzinfo=UTC)
        ground = box(0, 0, 1, 1) if tile == "A" else box(1, 0, 2, 1)
        made = st.tuples(st.sampled_from([209, 400, 511]), st.integers(0, 2), st.sampled_from("cl"))
        for baseline, later, collection in draw(st.sets(made, min_size=1, max_size=5)):
            processed = start + timedelta(days=300 * later)
            name = f"S2A_MSIL2A_{start:%Y%m%dT%H%M%S}_N{baseline:04d}_R003_T52T{tile}A_"
            one = scene(f"{tile}-{day}-{baseline}-{later}", ground, after=start - NOON)
            found.append(
                dataclasses.replace(
                    one, collection=collection, product=f"{name}{processed:%Y%m%dT%H%M%S}",
                    baseline=baseline / 100, processed_at=processed,
                )
            )  # fmt: skip
    return found


@given(listed=listings(), preferred=st.sampled_from(["cl", "lc"]), seed=st.integers(0, 99))
def test_of_each_product_the_newest_is_observed_once(
    listed: list[Scene], preferred: str, seed: int
) -> None:
    """The highest baseline, then the last processing, then the collection that is named first."""
    random.Random(seed).shuffle(listed)
    kept = deduplicate(listed, box(0, 0, 2, 1), tuple(preferred))
    newest: dict[tuple[object, ...], tuple[object, ...]] = {}
    for one in listed:
        key = (one.seen_at, one.footprint.wkt)
        rank = (one.baseline, one.processed_at, -preferred.index(one.collection))
        newest[key] = max(newest.get(key, rank), rank)
    assert {(one.seen_at, one.footprint.wkt): (
        one.baseline, one.processed_at, -preferred.index(one.collection)
    ) for one in kept} == newest  # fmt: skip
    assert len(kept) == len(newest)
    assert versions_left_out(listed, kept) == len(listed) - len(kept)


def test_a_product_that_is_delivered_in_two_parts_is_kept_in_both() -> None:
    """One tile of one data take, received by two stations: of one name but for its end."""
    parts = [
        dataclasses.replace(
            scene(name, ground),
            product=f"S2A_MSIL2A_20240403T021211_N0510_R003_T52TGN_20240403T0{name}0000",
            baseline=5.1,
        )
        for name, ground in (("4", box(0, 0, 1, 0.6)), ("5", box(0, 0.6, 1, 1)))
    ]
    kept = deduplicate(parts, PORT)
    assert names(kept) == ["4", "5"]
    assert versions_left_out(parts, kept) == 0
