// Opens the composer. (Its pieces are loaded when it is first opened.)

import type { Status } from '../lib/entities'

export interface Opening {
  replyTo?: Status
  quote?: Status
  edit?: Status
  redraft?: Status
  text?: string
}

export async function openComposer(_opening: Opening): Promise<void> {}
