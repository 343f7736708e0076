/** The picture that all sample media show: tiles of 8 × 8 pixels in colours that run across it, another set for each seed. */

/** Pixels of a tile's side. */
export const TILE = 8;
export const COLUMNS = 16;
export const ROWS = 12;
export const WIDTH = COLUMNS * TILE;
export const HEIGHT = ROWS * TILE;

export interface Picture {
  /** Red, green and blue, 0 to 255, of the tile. */
  tile(column: number, row: number): [number, number, number];
}

/** `frame` moves the colours along, for films. */
export function picture(seed: number, frame = 0): Picture {
  const phase = (channel: number) => ((seed * 97 + channel * 61 + 13) % 256) / 256;
  const wave = (turns: number) => Math.round(127.5 + 127.5 * Math.sin(2 * Math.PI * turns));
  const step = frame / 24;
  return {
    tile: (column, row) => [
      wave(phase(0) + step + column / COLUMNS),
      wave(phase(1) + step + row / ROWS),
      wave(phase(2) - step + (column + row) / (COLUMNS + ROWS) + (seed % 1021) / 1021),
    ],
  };
}
