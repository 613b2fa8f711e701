// What the assistant does with a post that one looks at: its thread or its article summed up, posts about the same, a
// translation. Loaded with the first use.

import { ApiError, post } from '../lib/api'
import { nameOf, translationOf, type TranslationAnswer } from '../lib/translation'
import { dialogs } from './dialogs.svelte'
import { t, texts } from './language.svelte'
import type { Cell } from './posts.svelte'
import { toasts } from './toasts.svelte'
import { problemOf } from './assistant-words'

const AREAS = ['core', 'assistant'] as const
const LATE_MS = 500

export const sumUp = (cell: Cell, of: 'summary' | 'article'): Promise<void> =>
  dialogs.show(() => import('../screens/assistant/SummarySheet.svelte'), AREAS, { status: cell.status, of })

export const related = (cell: Cell): Promise<void> => dialogs.show(() => import('../screens/assistant/RelatedSheet.svelte'), AREAS, { status: cell.status })

export async function translate(cell: Cell): Promise<void> {
  const { id, language } = cell.status
  const wait = slowly()
  try {
    const [answer, piece] = await Promise.all([
      post<TranslationAnswer>(`/api/v1/statuses/${id}/translate`, { lang: texts.language }),
      import('../pieces/Translated.svelte'),
      texts.need(...AREAS),
    ])
    const translation = translationOf(answer, language)
    cell.translated = { piece: piece.default, translation, of: cell.status.content }
    wait.end(t('assistant.translated', { by: translation.by, language: nameOf(translation.from, texts.language) }))
  } catch (error) {
    await texts.need(...AREAS).catch(() => {})
    wait.end('')
    toasts.problem(error instanceof ApiError && error.problem === 'absent' ? t('assistant.no_translation') : problemOf(error))
  }
}

/** A model may take its time, and the post shows nothing of that: where it does, one is told so, and when it is done. */
function slowly() {
  let toast = 0
  let over = false
  const late = setTimeout(() => void texts.need(...AREAS).then(() => over || (toast = toasts.say(t('assistant.translating'))), () => {}), LATE_MS)
  return {
    end(words: string): void {
      over = true
      clearTimeout(late)
      if (!toast) return
      toasts.close(toast)
      if (words) toasts.say(words)
    },
  }
}
