// Shows who somebody is when the pointer rests on their name or face: any element that says `data-hover` with the
// account's id. Only for a mouse or a pen: touch and keyboard go to the profile itself.

import { mount, unmount } from 'svelte'
import { texts } from './language.svelte'

const REST_MS = 400
const LEAVE_MS = 200

export interface Hovered {
  id: string
  anchor: HTMLElement
  stay: () => void
  leave: () => void
}

let waiting: ReturnType<typeof setTimeout> | undefined
let leaving: ReturnType<typeof setTimeout> | undefined
let shown: { anchor: HTMLElement; close: () => void } | null = null

/** Watch the whole page; the answer stops that. */
export function watchHover(): () => void {
  const over = (event: PointerEvent) => enter(event)
  const keys = (event: KeyboardEvent) => event.key === 'Escape' && closeHover()
  document.addEventListener('pointerover', over)
  document.addEventListener('keydown', keys)
  document.addEventListener('pointerdown', onPress, true)
  addEventListener('scroll', closeHover, { passive: true })
  addEventListener('popstate', closeHover)
  return () => {
    document.removeEventListener('pointerover', over)
    document.removeEventListener('keydown', keys)
    document.removeEventListener('pointerdown', onPress, true)
    removeEventListener('scroll', closeHover)
    removeEventListener('popstate', closeHover)
    closeHover()
  }
}

export function closeHover(): void {
  clearTimeout(waiting)
  clearTimeout(leaving)
  shown?.close()
  shown = null
}

function onPress(event: Event): void {
  if (!(event.target as Element).closest('[data-hovercard]')) closeHover()
}

function enter(event: PointerEvent): void {
  if (event.pointerType === 'touch') return
  const target = event.target as Element
  if (target.closest('[data-hovercard]')) return clearTimeout(leaving)
  const anchor = target.closest<HTMLElement>('[data-hover]')
  clearTimeout(waiting)
  if (!anchor) return shown ? leaveSoon() : undefined
  if (shown?.anchor === anchor) return clearTimeout(leaving)
  waiting = setTimeout(() => void show(anchor), REST_MS)
}

function leaveSoon(): void {
  clearTimeout(leaving)
  leaving = setTimeout(closeHover, LEAVE_MS)
}

async function show(anchor: HTMLElement): Promise<void> {
  const id = anchor.dataset['hover']
  if (!id) return
  const [{ default: HoverCard }] = await Promise.all([import('../pieces/HoverCard.svelte'), texts.need('profile')])
  if (!anchor.isConnected || !anchor.matches(':hover')) return
  closeHover()
  const card = mount(HoverCard, { target: document.body, props: { id, anchor, stay: () => clearTimeout(leaving), leave: leaveSoon } satisfies Hovered })
  shown = { anchor, close: () => void unmount(card) }
}
