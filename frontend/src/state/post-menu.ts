// Opens the menu of a post beside its button; the menu's script comes with the first one.

import { dialogs } from './dialogs.svelte'
import { session } from './session.svelte'
import type { Cell } from './posts.svelte'

/** With the menu comes what the assistant offers; a menu never waits long for it. */
async function load() {
  const soon = session.offers('assistant') ? import('./assistant.svelte').then(({ assistant }) => assistant.soon()) : null
  const [menu] = await Promise.all([import('../pieces/PostMenu.svelte'), soon])
  return menu
}

export async function openPostMenu(cell: Cell, button: HTMLElement): Promise<void> {
  await dialogs.show(load, ['core', 'postmenu'], { cell, button })
}

/** Take back that fewer like it are wanted. */
export async function undoLess(cell: Cell): Promise<void> {
  const { wantAgain } = await import('./post-acts')
  await wantAgain(cell)
}
