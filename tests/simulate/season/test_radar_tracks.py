"""Tracks of Sentinel-1 against those of real products."""

import re
import zipfile
from pathlib import Path

import numpy as np

from gnomon.imagery.sentinel1.annotation import parse_annotation
from gnomon.simulate.season.detections import BERTH
from gnomon.simulate.season.radar_tracks import radar_tracks

NAMES = ("20150203T043109_20150203T043134_004454_00574F_6D00", "20210809", "20221002")


def test_real_products_are_on_the_tracks_of_their_places(shared_data: Path) -> None:
    """Sentinel-1A in three years, northward and southward, Europe to the Pacific."""
    for name in NAMES:
        (path,) = (shared_data / "s1" / "safe").glob(f"S1A_IW_GRDH_1SDV_{name}*.zip")
        with zipfile.ZipFile(path) as files:
            names = files.namelist()
            manifest, annotation = (
                files.read(next(one for one in names if re.search(pattern, one)))
                for pattern in (r"manifest\.safe$", r"annotation/s1a-.*-vv-")
            )
        image = parse_annotation(annotation)
        wanted = re.search(r'relativeOrbitNumber type="start">(\d+)', manifest.decode())
        state, points = image.orbit, image.tie_points
        middle = tuple(side // 2 for side in points.incidence_deg.shape)
        (track,) = (
            one
            for one in radar_tracks(
                float(points.longitude_deg[middle]), float(points.latitude_deg[middle])
            )
            if wanted and one.relative_orbit == int(wanted[1])
        )
        assert abs(track.incidence_deg - points.incidence_deg[middle]) < 0.6
        assert track.northward == (state.velocity_m_s[0, 2] > 0)
        taken = re.findall(r"_(\d{8}T\d{6})_", path.name)[0]
        day = np.datetime64(f"{taken[:4]}-{taken[4:6]}-{taken[6:8]}")
        seconds = sum(int(taken[9 + 2 * k : 11 + 2 * k]) * 60 ** (2 - k) for k in range(3))
        found = track.days(day, 1.0) * 86_400
        assert abs(found - seconds - 12).max() < 75  # the middle of 25 s
        assert len(found) == 1


def test_three_tracks_see_vostochny() -> None:
    tracks = radar_tracks(*BERTH)
    assert [one.relative_orbit for one in tracks] == [10, 83, 163]
    assert [one.northward for one in tracks] == [True, True, False]
    for one in tracks:
        passes = one.days(np.datetime64("2024-03-01"), 60.0)
        np.testing.assert_allclose(np.diff(passes), 12)
