// What was typed in messages and not sent becomes drafts, where the session ends before it could be.

import { newDraft, newPart } from '../lib/draft'
import { saveDraft } from '../lib/drafts'
import { addressed } from '../lib/messages'
import { Shelf } from '../lib/shelf'
import type { Chat } from './chats.svelte'
import { texts } from './language.svelte'
import { refOf } from './opening'
import { session } from './session.svelte'

export async function keepUnsent(chats: readonly Chat[]): Promise<void> {
  const own = session.account?.id
  if (own === undefined) return
  const shelf = new Shelf()
  const now = Date.now()
  for (const chat of chats) {
    const others = chat.people.filter((person) => person.id !== own)
    const last = chat.shown.at(-1)?.status
    const unsent = [...chat.sending.filter((one) => one.error).map((one) => one.text), chat.text].filter((text) => text.trim() !== '')
    for (const text of unsent) {
      const parts = [newPart(addressed(text, others))]
      const language = session.preferences.language ?? texts.language
      await saveDraft(shelf, newDraft(own, { parts, visibility: 'direct', language, replyTo: last ? refOf(last) : null }), now)
    }
  }
}
