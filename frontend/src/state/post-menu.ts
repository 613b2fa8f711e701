// Opens the menu of a post beside its button; the menu's script comes with the first one.

import { dialogs } from './dialogs.svelte'
import type { Cell } from './posts.svelte'

export async function openPostMenu(cell: Cell, button: HTMLElement): Promise<void> {
  await dialogs.show(() => import('../pieces/PostMenu.svelte'), ['core', 'postmenu'], { cell, button })
}

/** Take back that fewer like it are wanted. */
export async function undoLess(cell: Cell): Promise<void> {
  const { wantAgain } = await import('./post-acts')
  await wantAgain(cell)
}
