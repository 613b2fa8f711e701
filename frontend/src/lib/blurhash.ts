// A blurhash as pixels, small: the browser's own smoothing does the rest. The last few stay, because lists show the same
// pictures again while they are scrolled.

import { decode } from 'blurhash'

export const SIDE = 24
const PUNCH = 1
const KEPT = 200
const kept = new Map<string, Uint8ClampedArray<ArrayBuffer>>()

/** `SIDE` by `SIDE` pixels in RGBA; null for a text that is no blurhash. */
export function pixelsOf(hash: string): Uint8ClampedArray<ArrayBuffer> | null {
  const known = kept.get(hash)
  if (known) return known
  try {
    const made = new Uint8ClampedArray(decode(hash, SIDE, SIDE, PUNCH))
    kept.set(hash, made)
    const oldest = kept.keys().next().value
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return made
  } catch {
    return null
  }
}
