"""`make evaluate-season [MODEL=name]`: run the anchorage's study, write docs/real-season.md anew.

GNOMON_DATA names the folder that has ``s2-anchorage``; without it nothing is done, and one line
says so. The run is kept in ``runs/galveston-2019``: `gnomon report` makes its page. Weights that
were trained on this place are refused.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import torch
from rich.console import Console

from gnomon.datamodel.errors import CatalogError, GnomonError, WeightsError
from gnomon.datamodel.shipped import shipped
from gnomon.datamodel.study import Study, read_study
from gnomon.detect.weights import Model, load
from gnomon.learn.scenes import LabelledScene, labelled_scenes
from gnomon.validate.__main__ import placed
from gnomon.validate.anchorage.background import background_lines, compare_backgrounds
from gnomon.validate.anchorage.pictures import (
    Part,
    count_figure,
    date_picture,
    false_sheet,
    front_picture,
    hull_sheet,
    save_picture,
    stay_sheet,
)
from gnomon.validate.anchorage.season import (
    RealSeason,
    anchorage_labels,
    compare_season,
    count_lines,
    searched_water,
    ships_of_run,
    size_lines,
    spot_lines,
    stay_lines,
)
from gnomon.workflow.run import run

DOCS, RUN, STUDY = Path("docs"), Path("runs") / "galveston-2019", "galveston-2019.toml"
PORTS = ("bolivar-roads", "galveston-offshore")
FRONT_DATE = "2019-09-01"
FRONT = Part(west_m=347_200.0, north_m=3_244_000.0, columns=640, rows=312)
"""The part of the offshore anchorage that the README shows."""


def study_of(model: str) -> Study:
    """The study with some weights.

    Raises
    ------
    CatalogError
        GNOMON_DATA names no folder with the images.

    """
    catalog = Path(os.environ.get("GNOMON_DATA", "")) / "s2-anchorage" / "catalog.json"
    if not catalog.is_file():
        raise CatalogError(f"{catalog}: is not there; name by GNOMON_DATA the folder with the data")
    chosen = read_study(shipped("configs") / STUDY)
    return chosen.model_copy(
        update={"detect": chosen.detect.model_copy(update={"models": {"optical": model}})}
    )


def unseen_dates(study: Study, model: Model) -> list[LabelledScene]:
    """Every date of the anchorage, in order.

    Raises
    ------
    WeightsError
        The weights were trained on one of them, so that its numbers would say nothing.

    """
    scenes = sorted(labelled_scenes(study.catalog.url), key=lambda scene: scene.name)
    if known := {scene.name for scene in scenes} & set(model.trained_on or ()):
        raise WeightsError(
            f"{model.label} was trained on {', '.join(sorted(known))}; name weights that were "
            "trained without this place"
        )
    return scenes


def measured_season(study: Study, out: Path) -> RealSeason:
    """Run the study, and compare what it finds with the labels."""
    run(study, out)
    areas = gpd.read_file(shipped("configs") / "galveston.geojson")
    folder = Path(study.catalog.url).parent
    labels = anchorage_labels(folder, areas[areas.kind == "area"])
    return compare_season(ships_of_run(out), labels, searched_water(folder))


def season_parts(season: RealSeason) -> Iterator[tuple[str, str]]:
    """Tables of the page, by the name of their place in it."""
    yield "counts", "\n".join(count_lines(season))
    yield "sizes", "\n".join(size_lines(season))
    yield "spots", "\n".join(spot_lines(season))
    yield "stays", "\n".join(stay_lines(season))


def weights_line(model: Model) -> str:
    """Which weights, and their threshold."""
    return (
        f"Weights {model.name} {model.version} ({model.digest[:12]}), threshold "
        f"{model.calibration.threshold:.2f}."
    )


def main(model: str = "s2-vessel") -> None:
    """Measure, and write tables and pictures."""
    torch.set_num_threads(1)
    err = Console(stderr=True, highlight=False)
    study, ready = study_of(model), load(model)
    scenes = unseen_dates(study, ready.model)
    err.print("running the study ...")
    season = measured_season(study, RUN)
    parts = {"weights": weights_line(ready.model), **dict(season_parts(season))}
    err.print("with and without the background ...")
    gained = compare_backgrounds(scenes, ready)
    parts["background"] = "\n".join(background_lines(gained, ready.model.calibration.threshold))
    page = DOCS / "real-season.md"
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = placed(text, name, part)
    page.write_text(text, encoding="utf-8")
    dates = {
        date: date_picture(scene.pixels) for date, scene in zip(season.dates, scenes, strict=True)
    }
    count_figure(season, PORTS).savefig(DOCS / "real-season-counts.png", dpi=110)
    save_picture(hull_sheet(season, dates), DOCS / "real-season-hulls.jpg")
    save_picture(false_sheet(season, dates), DOCS / "real-season-false.jpg")
    save_picture(stay_sheet(season, dates), DOCS / "real-season-stays.jpg")
    day = next(date for date in season.dates if f"{date:%Y-%m-%d}" == FRONT_DATE)
    found = season.counted[season.counted.date == day]
    save_picture(front_picture(found, dates[day], FRONT), DOCS / "galveston.jpg")
    Console(highlight=False).print(re.sub(r"<!--.*?-->", "", "\n\n".join(parts.values())))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GnomonError as error:
        Console(stderr=True).print(f"gnomon: {error}", soft_wrap=True, markup=False)
        sys.exit(1)
