r"""A tanker as an image shows it: a differentiable model of coverage, pixel by pixel.

The hull is a prism on the water with an outline that tapers to bow and stern, and on it aft a box,
the superstructure. The image of a prism seen obliquely, and its shadow, are the same thing: the
outline swept along a vector (from the waterline to the leaning deck; from the waterline to the
shadow of the deck). A convex polygon ``n_k . x <= s_k`` swept along d is again convex, with the
half planes ``n_k . x <= s_k + max(0, n_k . d)`` and two more along d itself, so that every edge is
known in closed form and moves smoothly with every parameter.

Point spread, pixel and any averaging of pixels into bins blur an edge to the normal distribution
function of the distance to it, in units of the blur across that edge. Two opposite edges that lie
closer than the blur (a hull of 11 m in pixels of 10 m) are combined as a difference of two of them,
which is exact for a strip; at corners the smaller distance counts, which is not, by less than
the blur squared. Shaded water is (shadow and hull together) less hull, exact for strips too.

`cover` returns the fraction of each bin or pixel that each surface covers. The image is linear in
the surfaces' reflectances, in any number of bands; `gnomon.freeboard.invert` fits those.

The model is what tankers have in common. It has no sheer, no forecastle, no deck gear, no crane and
no wake; the error of leaving them out is measured on ships that have them.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnomon.physics.shadow import SUN_DIAMETER_RAD

PARAMETERS = (
    "east_m",
    "north_m",
    "length_m",
    "beam_m",
    "heading_rad",
    "freeboard_m",
    "house_height_m",
    "house_length",
    "bow_length",
    "log_blur",
)
"""Columns of a ship: centre of the waterline, size, direction of the bow, height of the deck's edge
above the water, of the superstructure above the deck, lengths of superstructure and bow taper as
fractions of the ship's, and the logarithm of a factor on the blur (the point spread is not known
exactly)."""

SURFACES = (
    "water",
    "water_east",
    "water_north",
    "deck",
    "centreline",
    "deck_across",
    "deck_shadow",
    "wall",
    "house",
    "shadow",
    "house_shadow",
)
"""Rows of `cover`. The two water gradients are per ship's length. Counted in ``deck`` too are
``centreline``, the middle of the deck where the pipes run; ``deck_across``, what its starboard half
has over its port half (the pipes' own shadow falls on one of them); and ``deck_shadow``, its part
in the superstructure's shadow. Counted in ``water`` too are ``shadow`` and ``house_shadow``, shaded
by the hull, and by the superstructure alone."""

# Outline, starboard half, stern to bow: place along the hull in lengths, half breadth in half
# beams. The bow's places are in units of the bow's taper, from the stem. Read off the general
# arrangement drawings of coastal tankers; bow length and beam are fitted, the rest is not.
_STERN = ((-0.5, 0.72), (-0.43, 1.0))
_BOW = ((1.0, 1.0), (0.45, 0.74), (0.12, 0.32), (0.0, 0.0))
_HOUSE_AFT = 0.05
_HOUSE_WIDTH = 0.84
# Standard deviation across of the pipes' brightness, in beams.
_CENTRE_WIDTH = 0.10


@dataclass(frozen=True)
class Sight:
    """Directions towards sun and sensor; tensors of shape (ships,) or (1,), radians."""

    sun_azimuth: Tensor
    sun_elevation: Tensor
    view_azimuth: Tensor
    view_zenith: Tensor


@dataclass(frozen=True)
class Points:
    """Where brightness was measured: tensors (ships, points), metres from the chip's centre.

    The blur is that of point spread, pixel and averaging together, as standard deviations along
    and across the hull, tensors of shape (ships,). A first axis of length one serves all ships.
    """

    east_m: Tensor
    north_m: Tensor
    blur_along_m: Tensor
    blur_across_m: Tensor


@dataclass(frozen=True)
class _Frame:
    """Points in the ship's own frame: rows forward and to starboard of its centre, and ones.

    Shape (ships, 3, points), so that one product with the half planes (ships, planes, 3) gives all
    distances. The blur is (ships, 1).
    """

    places: Tensor
    blur_along: Tensor
    blur_across: Tensor

    def coverage(self, planes: "_Planes") -> Tensor:
        """Cover of an intersection of half planes, (ships, points)."""
        port, starboard, ends = planes
        strip = _phi(self.depth(starboard)) + _phi(self.depth(port)) - 1
        return strip.clamp_min(0) * self._between(ends)

    def depth(self, planes: Tensor) -> Tensor:
        """Depth within all of the half planes, in units of the blur, (ships, points)."""
        return self._depths(planes).amin(1)

    def softer(self, spread_m: Tensor) -> "_Frame":
        """Blur the edges further, by a spread of shape (ships,)."""
        more = spread_m[:, None]
        along, across = self.blur_along, self.blur_across
        return _Frame(self.places, torch.hypot(along, more), torch.hypot(across, more))

    def _between(self, ends: Tensor) -> Tensor:
        depths = _phi(self._depths(ends))
        # A fore and an aft end are a strip again; a transom alone has the bow's sides before it.
        return (depths.sum(1) - (depths.shape[1] - 1)).clamp_min(0)

    def _depths(self, planes: Tensor) -> Tensor:
        along, across, offset = planes.unbind(-1)
        blur = torch.hypot(along * self.blur_along, across * self.blur_across)
        return torch.stack([-along / blur, -across / blur, offset / blur], -1) @ self.places


def outline_places(bow_length: float) -> NDArray[np.float64]:
    """Corners of the waterline, closed: along in lengths, across in half beams, (corners, 2)."""
    half = [*_STERN, *((0.5 - u * bow_length, v) for u, v in _BOW)]
    return np.array([*half, *((u, -v) for u, v in reversed(half)), half[0]])


def cover(ship: Tensor, points: Points, sight: Sight) -> Tensor:
    """Fraction of the light at every point that each surface covers.

    Parameters
    ----------
    ship
        Parameters, shape (ships, len(PARAMETERS)).
    points
        Where, and how blurred.
    sight
        Sun and sensor; the sun above the horizon.

    Returns
    -------
    Tensor
        Shape (ships, len(SURFACES), points), differentiable in every parameter.

    """
    east, north, length, beam, heading, freeboard, height, house_length, bow, blur = ship.unbind(1)
    frame = _frame(points, east, north, heading, blur.exp())
    sun = _towards(sight.sun_azimuth - heading) / torch.tan(sight.sun_elevation)[:, None]
    view = _towards(sight.view_azimuth - heading) * torch.tan(sight.view_zenith)[:, None]
    rise, shade = -freeboard[:, None] * view, -freeboard[:, None] * sun
    top_rise, top_shade = -height[:, None] * view, -height[:, None] * sun

    outline = _outline(length, beam, bow)
    nowhere = torch.zeros_like(rise)
    deck = frame.coverage(_swept(outline, rise, nowhere))
    hull_planes = _swept(outline, nowhere, rise)
    hull = frame.coverage(hull_planes)
    soft = frame.softer(_penumbra(freeboard, sight))
    shadow = _beyond(soft, _swept(outline, nowhere, shade), hull_planes)

    box = _box(length, beam, house_length)
    # The superstructure stands on the deck: what is above deck and what is deck are nested, so
    # that covers subtract. Only what leans out over wall and water is taken from those.
    house = frame.coverage(_swept(box, rise, top_rise))
    inside = torch.minimum(house, deck)
    clear = deck - inside
    wall = (hull - deck - (house - inside)).clamp_min(0)
    water = (1 - clear - wall - house).clamp_min(0)
    on_deck = (frame.coverage(_swept(box, rise, top_shade)) - house).clamp_min(0)
    tall = frame.softer(_penumbra(freeboard + height, sight))
    on_water = tall.coverage(_swept(box, nowhere, shade + top_shade))
    shadow = torch.minimum(shadow * (1 - house), water)
    scale = length[:, None]
    return torch.stack(
        [
            water,
            water * (points.east_m - east[:, None]) / scale,
            water * (points.north_m - north[:, None]) / scale,
            clear,
            clear * _middle(frame, rise, beam),
            clear * _across(frame, rise, beam),
            torch.minimum(on_deck, clear),
            wall,
            house,
            shadow,
            on_water * (water - shadow),
        ],
        1,
    )


def _frame(points: Points, east: Tensor, north: Tensor, heading: Tensor, blur: Tensor) -> _Frame:
    sine, cosine = heading.sin()[:, None], heading.cos()[:, None]
    x, y = points.east_m - east[:, None], points.north_m - north[:, None]
    forward, starboard = x * sine + y * cosine, x * cosine - y * sine
    places = torch.stack([forward, starboard, torch.ones_like(forward)], 1)
    return _Frame(
        places, (points.blur_along_m * blur)[:, None], (points.blur_across_m * blur)[:, None]
    )


def _towards(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], 1)


def _middle(frame: _Frame, rise: Tensor, beam: Tensor) -> Tensor:
    """One on the centreline of the deck, falling off to its sides over a fifth of the beam."""
    width = torch.hypot(_CENTRE_WIDTH * beam[:, None], frame.blur_across)
    off = (frame.places[:, 1] - rise[:, 1:]) / width
    return torch.exp(-0.5 * off**2) * (_CENTRE_WIDTH * beam[:, None] / width)


def _across(frame: _Frame, rise: Tensor, beam: Tensor) -> Tensor:
    """From minus one at the port edge of the deck to one at the starboard edge."""
    return ((frame.places[:, 1] - rise[:, 1:]) / (beam[:, None] / 2)).clamp(-1, 1)


def _penumbra(height: Tensor, sight: Sight) -> Tensor:
    """Standard deviation of the edge of a shadow: a quarter of its whole width for a disc."""
    return 0.25 * SUN_DIAMETER_RAD * height / sight.sun_elevation.sin() ** 2


_Planes = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class _Polygon:
    """A convex polygon, symmetric to starboard and port, in the ship's frame.

    Half planes of the starboard side and of the flat ends, (ships, planes, 3), and the starboard
    vertices, (ships, vertices, 2).
    """

    side: Tensor
    ends: Tensor
    vertices: Tensor


def _outline(length: Tensor, beam: Tensor, bow: Tensor) -> _Polygon:
    stern = [torch.stack([u * length, v * beam / 2], 1) for u, v in _STERN]
    stem = [torch.stack([(0.5 - u * bow) * length, v * beam / 2], 1) for u, v in _BOW]
    vertices = torch.stack(stern + stem, 1)
    edge = vertices[:, 1:] - vertices[:, :-1]
    normal = torch.stack([-edge[..., 1], edge[..., 0]], -1)
    normal = normal / normal.norm(dim=-1, keepdim=True)
    offset = (normal * vertices[:, 1:]).sum(-1, keepdim=True)
    return _Polygon(torch.cat([normal, offset], -1), _end(-1.0, length / 2), vertices)


def _box(length: Tensor, beam: Tensor, house: Tensor) -> _Polygon:
    aft = (_HOUSE_AFT - 0.5) * length
    fore = aft + house * length
    half = _HOUSE_WIDTH / 2 * beam
    nothing, one = torch.zeros_like(half), torch.ones_like(half)
    side = torch.stack([nothing, one, half], 1)[:, None]
    ends = torch.cat([_end(-1.0, -aft), _end(1.0, fore)], 1)
    vertices = torch.stack([torch.stack([aft, half], 1), torch.stack([fore, half], 1)], 1)
    return _Polygon(side, ends, vertices)


def _end(along: float, offset: Tensor) -> Tensor:
    normal = torch.full_like(offset, along)
    return torch.stack([normal, torch.zeros_like(offset), offset], 1)[:, None]


def _swept(polygon: _Polygon, start: Tensor, along: Tensor) -> _Planes:
    """Half planes, port, starboard and ends, of a polygon moved to a start and swept on."""
    mirror = torch.tensor([1.0, -1.0, 1.0], dtype=start.dtype, device=start.device)
    port = _moved(polygon.side * mirror, start, along)
    starboard = _moved(polygon.side, start, along)
    # A vector without length sweeps nothing; the tiny constant gives it a direction all the same.
    tiny = torch.tensor([1e-6, 0.0], dtype=start.dtype, device=start.device)
    vector = along + tiny
    flank = torch.stack([-vector[:, 1], vector[:, 0]], 1)
    flank = flank / flank.norm(dim=1, keepdim=True)
    flank = flank * torch.where(flank[:, 1:] < 0, -1.0, 1.0)
    corners = torch.cat([polygon.vertices, polygon.vertices * mirror[:2]], 1)
    right = (corners * flank[:, None]).sum(-1).amax(1) + (flank * start).sum(1)
    left = (-corners * flank[:, None]).sum(-1).amax(1) - (flank * start).sum(1)
    port = torch.cat([port, torch.cat([-flank, left[:, None]], 1)[:, None]], 1)
    starboard = torch.cat([starboard, torch.cat([flank, right[:, None]], 1)[:, None]], 1)
    return port, starboard, _moved(polygon.ends, start, along)


def _moved(planes: Tensor, start: Tensor, along: Tensor) -> Tensor:
    normal, offset = planes[..., :2], planes[..., 2:]
    shift = (normal * start[:, None]).sum(-1, keepdim=True)
    sweep = (normal * along[:, None]).sum(-1, keepdim=True).clamp_min(0)
    return torch.cat([normal, offset + shift + sweep], -1)


def _beyond(frame: _Frame, shadow: _Planes, hull: _Planes) -> Tensor:
    """Cover of shadow and hull together, less hull: the shaded water that is in sight."""
    # Both contain the waterline, so that their union across the hull is again one strip.
    port, starboard, ends = (
        (frame.depth(one), frame.depth(other)) for one, other in zip(shadow, hull, strict=True)
    )
    union = (_phi(torch.maximum(*starboard)) + _phi(torch.maximum(*port)) - 1).clamp_min(0)
    union = union * _phi(torch.maximum(*ends))
    return (union - frame.coverage(hull)).clamp_min(0)


def _phi(x: Tensor) -> Tensor:
    """Normal distribution function."""
    return 0.5 * (1 + torch.erf(x * 0.7071067811865476))
