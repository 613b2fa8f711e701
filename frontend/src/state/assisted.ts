// What the assistant does with a post that one looks at: its thread or its article summed up, posts about the same, a
// translation. Loaded with the first use.

import { ApiError, post } from '../lib/api'
import { translationOf, type TranslationAnswer } from '../lib/translation'
import { dialogs } from './dialogs.svelte'
import { t, texts } from './language.svelte'
import type { Cell } from './posts.svelte'
import { toasts } from './toasts.svelte'
import { problemOf } from './assistant-words'

const AREAS = ['core', 'assistant'] as const

export const sumUp = (cell: Cell, of: 'summary' | 'article'): Promise<void> =>
  dialogs.show(() => import('../screens/assistant/SummarySheet.svelte'), AREAS, { status: cell.status, of })

export const related = (cell: Cell): Promise<void> => dialogs.show(() => import('../screens/assistant/RelatedSheet.svelte'), AREAS, { status: cell.status })

export async function translate(cell: Cell): Promise<void> {
  const { id, language } = cell.status
  try {
    const [answer, piece] = await Promise.all([
      post<TranslationAnswer>(`/api/v1/statuses/${id}/translate`, { lang: texts.language }),
      import('../pieces/Translated.svelte'),
      texts.need(...AREAS),
    ])
    cell.translated = { piece: piece.default, translation: translationOf(answer, language), of: cell.status.content }
  } catch (error) {
    await texts.need(...AREAS).catch(() => {})
    toasts.problem(error instanceof ApiError && error.problem === 'absent' ? t('assistant.no_translation') : problemOf(error))
  }
}
