"""The figure of one ship: the same from a run's evidence as from a fresh estimate."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from gnomon.freeboard import state
from gnomon.freeboard.image import traces
from gnomon.freeboard.rows import Reading, read_ship
from gnomon.geo.grid import grid_of
from gnomon.report.credits import UNCREDITED
from gnomon.report.figures import load as figures
from gnomon.report.figures.load import draw_reading, load_line, show_load
from gnomon.report.figures.scene import Picture
from gnomon.simulate.pixels.portrait import Portrait, portrait
from gnomon.workflow.evidence import cutouts, evidence_row, evidence_table, posterior_of


@pytest.fixture(scope="module")
def sitter() -> Portrait:
    return portrait(23, length_m=110, gsd_m=3, sun_elevation_deg=40, laden=False)


@pytest.fixture(scope="module")
def reading(sitter: Portrait) -> Reading:
    return read_ship(sitter.pixels, sitter.row())


def shown(figure: Picture, path: Path) -> np.ndarray:
    figure.savefig(path)
    return np.asarray(imread(path))


def test_the_figure_from_evidence_is_the_figure_of_the_estimate(
    sitter: Portrait, reading: Reading, tmp_path: Path
) -> None:
    row = evidence_row("a", "s", sitter.pixels, reading=reading, window=grid_of(sitter.pixels))
    (kept,) = cutouts(evidence_table([row]))
    drawing = figures._Drawing(kept.chip, kept.fit, kept.posterior)
    again = shown(figures._draw(drawing, title="x", path=None), tmp_path / "again.png")
    fresh = shown(draw_reading(reading, title="x"), tmp_path / "fresh.png")
    # Counts round reflectances to a hundred-thousandth; a colour may then be the next one.
    assert np.abs(again - fresh).max() < 0.02


def test_no_id_of_a_ship_leads_out_of_the_folder(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id of a ship begins with that of its image, which a hostile catalogue chooses."""
    monkeypatch.setattr(figures, "_read_again", lambda *_: (reading, UNCREDITED))
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    path = show_load("../../evil-e1-n2", detections=Path("x"), catalog="x")
    assert path.resolve().parent == folder
    assert list(tmp_path.rglob("*.png")) == [path.resolve()]


def test_the_panels_hold_pixels_fit_remainder_and_posterior(reading: Reading) -> None:
    figure = draw_reading(reading)
    pixels, fit, rest, posterior = figure.axes
    assert len(pixels.images) == len(fit.images) == len(rest.images) == 1
    assert reading.chip is not None
    assert reading.fit is not None
    believed = posterior_of(reading)
    assert believed is not None
    hull, shadow = traces(reading.chip, reading.fit, believed.mean_m)
    for axes in (pixels, fit):
        lines = [np.column_stack(line.get_data()) for line in axes.lines[:2]]
        np.testing.assert_allclose(lines[0], hull)
        np.testing.assert_allclose(lines[1], shadow)
        west, east = axes.get_xlim()
        south, north = axes.get_ylim()
        assert (hull > (west, south)).all()
        assert (hull < (east, north)).all()
    curves = {str(line.get_label()): line.get_data() for line in posterior.lines}
    x, y = curves["posterior"]
    np.testing.assert_array_equal(x, believed.freeboard_m)
    np.testing.assert_allclose(y, believed.density / believed.density.max())
    assert curves["fit alone"][1].max() == 1
    bands = {str(p.get_label()): p.get_bbox().intervalx for p in posterior.patches}
    assert tuple(bands["laden"]) == believed.laden_m
    assert tuple(bands["ballast"]) == believed.ballast_m


def test_the_remainder_is_the_pixels_less_the_fit(reading: Reading) -> None:
    assert reading.chip is not None
    assert reading.fit is not None
    figure = draw_reading(reading)
    model = figures._model(reading.chip, reading.fit)
    grey = (reading.chip.image - model).mean(0)
    np.testing.assert_allclose(figure.axes[2].images[0].get_array(), grey, atol=1e-7)
    water = np.nanstd(reading.chip.image, axis=(1, 2)).mean()
    assert np.nanstd(grey) < 0.5 * water  # the fit explains most of the picture


def test_the_edge_of_the_shadow_falls_away_from_the_sun(reading: Reading) -> None:
    assert reading.chip is not None
    assert reading.fit is not None
    hull, shadow = traces(reading.chip, reading.fit)
    best = reading.fit.freeboard_m[reading.fit.log_likelihood.argmax()]
    reach = best / np.tan(np.deg2rad(reading.chip.sun_elevation_deg))
    moved = shadow - hull
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), reach)
    azimuth = np.rad2deg(np.arctan2(moved[:, 0], moved[:, 1])) % 360
    np.testing.assert_allclose(azimuth, (reading.chip.sun_azimuth_deg + 180) % 360)


@pytest.mark.parametrize(
    ("load", "line"),
    [
        (state.Load(load_reason="cloud"), "load indeterminate: cloud"),
        (
            state.Load(
                freeboard_m=3.04,
                freeboard_sigma_m=0.5,
                freeboard_p05_m=2.26,
                freeboard_p95_m=3.94,
                log_lr_laden=-2.04,
                p_laden=0.126,
                load_state="laden",
            ),
            "freeboard 3.0 m, 90 % interval 2.3 to 3.9 m; log LR -2.0, p(laden) 0.13: laden",
        ),
    ],
)
def test_a_load_is_one_line(load: state.Load, line: str) -> None:
    assert load_line(load) == line
