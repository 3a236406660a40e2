"""Real ports with their labelled ships, and what masks lose of them."""

from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from scipy import ndimage

from gnomon.datamodel.scene import OPTICAL_BANDS


def scene(shape: tuple[int, int], *, gsd_m: float = 10.0, **bands: np.ndarray) -> xr.Dataset:
    grid = GeoBox(shape, Affine(gsd_m, 0, 500_000, 0, -gsd_m, 4_740_000), "EPSG:32653")
    return xr.Dataset({k: (("y", "x"), v) for k, v in bands.items()}, coords=xr_coords(grid))


class Harbour:
    """A real port with its labelled ships, and what is usable of it."""

    def __init__(self, folder: Path) -> None:
        bands = {}
        for band in OPTICAL_BANDS:
            if (folder / f"{band}.tif").exists():
                with rasterio.open(folder / f"{band}.tif") as source:
                    counts = source.read(1)
                    grid = GeoBox(counts.shape, source.transform, source.crs)
                bands[band] = np.where(counts == 0, np.nan, counts * np.float32(1e-4))
        with rasterio.open(folder / "instances.tif") as source:
            self.ships = source.read(1)
        pixels = {k: (("y", "x"), v.astype("float32")) for k, v in bands.items()}
        self.pixels = xr.Dataset(pixels, coords=xr_coords(grid))
        self.ids = np.unique(self.ships)[1:]
        centres = ndimage.center_of_mass(self.ships > 0, self.ships, self.ids)
        self.centres = np.round(centres).astype(int)

    def lost(self, masks: xr.Dataset) -> int:
        """Ships whose centre is not searched."""
        return int((~masks["search"].to_numpy()[tuple(self.centres.T)]).sum())

    def clouded(self, masks: xr.Dataset) -> int:
        hidden = (masks["cloud"] | masks["ice"]).to_numpy()
        return len(np.unique(self.ships[hidden & (self.ships > 0)]))


def find(shared_data: Path, name: str) -> Harbour:
    (folder,) = (shared_data / "s2-ports").glob(f"*/S2_{name}_*")
    return Harbour(folder)
