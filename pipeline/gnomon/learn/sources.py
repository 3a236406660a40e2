"""Where chips come from: the detections of a run, or a table with the catalogue of its scenes."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from gnomon.datamodel.errors import LabelError
from gnomon.datamodel.files import read_table
from gnomon.datamodel.geojson import strict_json
from gnomon.datamodel.study import CatalogOptions
from gnomon.datamodel.table_sets import settle
from gnomon.workflow.user_tables.reading import read_detections


@dataclass(frozen=True)
class Source:
    """Detections, where their scenes are, and the observations that they came from."""

    path: Path
    detections: gpd.GeoDataFrame
    catalog: str
    hosts: tuple[str, ...]
    """That are not of the internet and that the catalogue may lead to."""
    observations: gpd.GeoDataFrame | None


def source_of(place: Path, catalog: str | None = None, *, hosts: tuple[str, ...] = ()) -> Source:
    """Detections of the folder of a run, or of a table together with its catalogue.

    Parameters
    ----------
    place
        Folder or table.
    catalog
        That has the scenes; the run's own if left out.
    hosts
        Hosts that are not of the internet and that the catalogue may lead to; a run's own catalogue
        leads to those of the run as well.

    Raises
    ------
    GnomonError
        It is neither, or cannot be read.

    """
    if place.is_dir():
        settle(place)
        if catalog is None:
            catalog, own = _catalog_of(place)
            hosts = (*own, *hosts)
        table = place / "detections.parquet"
        observations = read_table(place / "observations.parquet")
        return Source(table, read_detections(table).frame, catalog, hosts, observations)
    if catalog is None:
        raise LabelError(f"{place}: is a table; say --catalog, where its scenes are")
    return Source(place, read_detections(place).frame, catalog, hosts, None)


def _catalog_of(run: Path) -> tuple[str, tuple[str, ...]]:
    """Catalogue of a run and the hosts that it may lead to, as its study has them."""
    summary = run / "run.json"
    if not summary.is_file():
        raise LabelError(f"{run}: is not the folder of a run (it has no run.json)")
    try:
        given = strict_json(summary.read_bytes())["study"]["catalog"]
        options = CatalogOptions(url=given["url"], hosts=given.get("hosts", ()))
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        why = "cannot be read, or names no catalogue; run the study again (gnomon run)"
        raise LabelError(f"{summary}: {why}") from error
    return options.url, options.hosts
