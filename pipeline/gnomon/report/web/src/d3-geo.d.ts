// The part of d3-geo that the maps use; Observable Plot brings the library and no types.
declare module "d3-geo" {
  export interface Projection {
    (place: [number, number]): [number, number] | null;
    invert(pixel: [number, number]): [number, number];
    fitExtent(extent: [[number, number], [number, number]], shape: object): Projection;
  }
  export function geoMercator(): Projection;
}
