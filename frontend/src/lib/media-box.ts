// The box a medium gets before it is loaded, so that nothing moves when it arrives.

import type { Media } from './entities'

const TALLEST = 4 / 5
const WIDEST = 3

/** The aspect ratio (width to height) of a picture that stands alone, kept within 4:5 and 3:1. */
export function boxOf(media: Pick<Media, 'meta'>): number {
  const { width, height } = media.meta?.original ?? media.meta?.small ?? {}
  if (!width || !height) return 3 / 2
  return Math.min(WIDEST, Math.max(TALLEST, width / height))
}

/** Which part of a cropped picture stays in sight, as CSS percentages, from its focus point (-1..1, y up). */
export function focusOf(media: Pick<Media, 'meta'>): string {
  const focus = media.meta?.focus
  return focus ? `${(focus.x / 2 + 0.5) * 100}% ${(0.5 - focus.y / 2) * 100}%` : '50% 50%'
}
