// What is said about an answer of the assistant, a refusal and a budget.

import { ApiError } from '../lib/api'
import { tightest, type Label, type Left, type Refusal } from '../lib/assistant'
import { t, texts } from './language.svelte'
import { sentenceOf } from './problem'

export const labelOf = (label: Label): string =>
  label.generated ? t('assistant.made_label', { model: label.model, count: label.sources }) : t('assistant.quotes_label', { count: label.sources })

type Cause = 'budget' | 'busy' | 'model'

function causeOf(code: string): Cause | null {
  if (code === 'budget.spent') return 'budget'
  if (code === 'model.busy' || code === 'model.full') return 'busy'
  return code.startsWith('model.') ? 'model' : null
}

/** Why quotes stand in the place of an answer, and when to come again; the server's sentence for an unknown code. */
export function refusedOf({ code, sentence, retry_after: seconds }: Refusal): string {
  const cause = causeOf(code)
  return (cause ? t(`assistant.refused.${cause}`) : sentence) + againIn(seconds)
}

/** Why nothing came, not even quotes. */
export function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return sentenceOf(error)
  if (error.code === 'assistant.opted_out') return t('assistant.you_opted_out')
  if (error.code === 'assistant.off') return t('assistant.off')
  if (error.code === 'assistant.no_article') return t('assistant.no_article')
  if (error.code === 'assistant.no_translation') return t('assistant.no_translation')
  const cause = causeOf(error.code)
  return (cause ? t(`assistant.none.${cause}`) : sentenceOf(error)) + againIn(error.retryAfter)
}

const MINUTE = 60
const HOUR = 3600

/** "Try again in 7 seconds", or in minutes or hours; nothing where nobody knows. */
function againIn(seconds = 0): string {
  if (!seconds) return ''
  const [value, unit] = seconds < 2 * MINUTE ? [seconds, 'second'] : seconds < 2 * HOUR ? [Math.ceil(seconds / MINUTE), 'minute'] : [Math.ceil(seconds / HOUR), 'hour']
  const when = new Intl.NumberFormat(texts.language, { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(value as number)
  return ` ${t('assistant.again_in', { when })}`
}

/** How much of the budget that ends first is left; nothing where there is none. */
export function leftOf(left: readonly Left[]): string {
  const found = tightest(left)
  if (!found) return ''
  const share = new Intl.NumberFormat(texts.language, { style: 'percent', maximumFractionDigits: found.share < 0.1 ? 1 : 0 }).format(found.share)
  return t(found.budget.per === 'day' ? 'assistant.left_day' : 'assistant.left_quarter', { share })
}
