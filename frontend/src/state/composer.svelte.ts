// Opens the composer. Its pieces are loaded when it is first opened.

import type { Draft } from '../lib/draft'
import type { Status } from '../lib/entities'
import { dialogs } from './dialogs.svelte'
import { session } from './session.svelte'

export interface Opening {
  replyTo?: Status
  quote?: Status
  /** Change a post of one's own. */
  edit?: Status
  /** Write a post of one's own anew: it is deleted, and its text, media and poll are here. */
  redraft?: Status
  /** Go on with a draft. */
  draft?: Draft
  text?: string
  /** What to look at before it is posted. */
  note?: string
  /** Files that were shared to the app. */
  files?: readonly File[]
}

let isOpening = false

/** With the composer comes what shows a post that waits: once the network is gone it could not be fetched. */
const load = () => Promise.all([import('../pieces/composer/ComposerSheet.svelte'), import('../pieces/composer/WaitingRows.svelte')]).then(([sheet]) => sheet)

export async function openComposer(opening: Opening = {}): Promise<void> {
  if (!session.account || isOpening || document.querySelector('[data-composer=sheet]')) return
  isOpening = true
  try {
    await dialogs.show(load, ['core', 'composer'], { opening })
  } finally {
    isOpening = false
  }
}
