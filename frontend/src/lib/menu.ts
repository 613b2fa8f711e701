// What a menu holds, and where it opens.

import type { Account } from './entities'

export interface Choice {
  label: string
  icon: string
  /** Whom it is about: shown in the icon's place. */
  face?: Account
  run?: () => void
  href?: string
  danger?: boolean
}

/** A choice, or a line between groups. */
export type Entry = Choice | { line: true }

const GAP = 4

/** Put a menu under its button, or above it where there is no room, inside the window. */
export function place(menu: HTMLElement, button: HTMLElement): void {
  const from = button.getBoundingClientRect()
  const { width, height } = menu.getBoundingClientRect()
  const isRightToLeft = getComputedStyle(button).direction === 'rtl'
  const wanted = isRightToLeft ? from.left : from.right - width
  const left = from.left < width ? from.left : wanted
  const below = from.bottom + GAP + height <= innerHeight
  menu.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`
  menu.style.top = `${below ? from.bottom + GAP : Math.max(GAP, from.top - height - GAP)}px`
}
