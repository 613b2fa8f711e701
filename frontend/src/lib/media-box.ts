// The box a medium gets before it is loaded, so that nothing moves when it arrives.

import type { Media } from './entities'

const TALLEST = 4 / 5
const WIDEST = 3

/** Width and height, where they are known. */
export function sizeOf(media: Pick<Media, 'meta'>): [number, number] | null {
  const { width, height } = media.meta?.original ?? media.meta?.small ?? {}
  return width && height ? [width, height] : null
}

/** The aspect ratio (width to height) of a picture that stands alone, kept within 4:5 and 3:1. */
export function boxOf(media: Pick<Media, 'meta'>): number {
  const size = sizeOf(media)
  return size ? Math.min(WIDEST, Math.max(TALLEST, size[0] / size[1])) : 3 / 2
}

/** Which part of a cropped picture stays in sight, as CSS percentages, from its focus point (-1..1, y up). */
export function focusOf(media: Pick<Media, 'meta'>): string {
  const focus = media.meta?.focus
  return focus ? `${(focus.x / 2 + 0.5) * 100}% ${(0.5 - focus.y / 2) * 100}%` : '50% 50%'
}
