// What the assistant's screens say about an answer, a refusal and a budget.

import { ApiError } from '../../lib/api'
import { tightest, type Label, type Left, type Refusal } from '../../lib/assistant'
import { t, texts } from '../../state/language.svelte'
import { sentenceOf } from '../../state/problem'

export const labelOf = (label: Label): string =>
  label.generated ? t('assistant.made_label', { model: label.model, count: label.sources }) : t('assistant.quotes_label', { count: label.sources })

/** In the reader's language by its code; the server's own sentence for a code that is not known here. */
export function refusedOf({ code, sentence, retry_after: seconds }: Refusal): string {
  const when = seconds ? ` ${againIn(seconds)}` : ''
  if (code === 'budget.spent') return t('assistant.refused.budget') + when
  if (code === 'model.busy' || code === 'model.full') return t('assistant.refused.busy') + when
  if (code.startsWith('model.')) return t('assistant.refused.model')
  return sentence
}

export function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return sentenceOf(error)
  if (error.code === 'assistant.opted_out') return t('assistant.you_opted_out')
  if (error.code === 'assistant.off') return t('assistant.off')
  if (error.problem === 'limited' && error.code) return refusedOf({ code: error.code, sentence: error.message, retry_after: error.retryAfter })
  return sentenceOf(error) + (error.retryAfter ? ` ${againIn(error.retryAfter)}` : '')
}

const MINUTE = 60
const HOUR = 3600

/** "Try again in 7 seconds", or in minutes or hours. */
function againIn(seconds: number): string {
  const [value, unit] = seconds < 2 * MINUTE ? [seconds, 'second'] : seconds < 2 * HOUR ? [Math.ceil(seconds / MINUTE), 'minute'] : [Math.ceil(seconds / HOUR), 'hour']
  const when = new Intl.NumberFormat(texts.language, { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(value as number)
  return t('assistant.again_in', { when })
}

/** How much of the budget that ends first is left; nothing where there is none. */
export function leftOf(left: readonly Left[]): string {
  const found = tightest(left)
  if (!found) return ''
  const share = new Intl.NumberFormat(texts.language, { style: 'percent', maximumFractionDigits: found.share < 0.1 ? 1 : 0 }).format(found.share)
  return t(found.budget.per === 'day' ? 'assistant.left_day' : 'assistant.left_quarter', { share })
}
