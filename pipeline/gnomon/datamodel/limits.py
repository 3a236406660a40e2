"""How much a catalogue and its files may ask of this machine, as a study has it."""

from pydantic import BaseModel, ConfigDict, Field

MIB = 2**20
VERTICES = 100_000


class Limits(BaseModel):
    """Limits of one catalogue; what exceeds one is refused with the limit's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_bytes: int = Field(default=64 * MIB, ge=1000)
    """Of one document (JSON or XML), after decompression. A page of 100 items is 1 to 5 MB."""
    compression: float = Field(default=200.0, ge=1)
    """Most that a document may grow by decompression, as a factor. JSON of items grows 10 to 30
    times."""
    json_depth: int = Field(default=64, ge=8)
    """Objects and lists within each other in one document. Items have about ten."""
    vertices: int = Field(default=VERTICES, ge=4)
    """Points of the outline of one item."""
    pages: int = Field(default=20_000, ge=1)
    """Answers of one search; of a static catalogue its catalogues and collections."""
    items: int = Field(default=1_000_000, ge=1)
    """Items of one search."""
    pixels: int = Field(default=1_000_000_000, ge=1)
    """Of one port in one image, on the grid of its finest band. A tile of Sentinel-2 has 1.2e8."""
    block_bytes: int = Field(default=512 * MIB, ge=1)
    """Of one block of a raster file, decompressed: a tile or strip is decoded as a whole. Files
    without tiles may have one strip."""
