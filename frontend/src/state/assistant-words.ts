// What is said about an answer of the assistant, a refusal and a budget.

import { ApiError } from '../lib/api'
import { tightest, type Label, type Left, type Refusal, type Standing } from '../lib/assistant'
import { waitOf } from '../lib/durations'
import type { Key } from '../text/areas'
import { t, texts } from './language.svelte'
import { sentenceOf } from './problem'

/** How an answer came to be. What was cut off may be a model's: nobody said that it is not. */
export function labelOf(label: Label | null): string {
  if (!label) return t('assistant.unknown_label')
  if (label.generated) return t('assistant.made_label', { model: label.model, count: label.sources })
  return label.sources ? t('assistant.quotes_label', { count: label.sources }) : t('assistant.said_label')
}

/** A spark is only on what a model made, or may have made. */
export const iconOf = (label: Label | null): string => (label?.generated === false ? 'text-quote' : 'sparkles')

/** Why nothing can be asked; nothing where one may ask, or while nobody knows. */
export const closedOf = (standing: Standing | null): string => (standing?.opted_out ? t('assistant.you_opted_out') : standing?.on === false ? t('assistant.off') : '')

type Cause = 'budget' | 'busy' | 'unable' | 'too_long' | 'model'

const CAUSES: Readonly<Record<string, Cause>> = {
  'budget.spent': 'budget',
  'budget.held': 'busy',
  'model.busy': 'busy',
  'model.full': 'busy',
  'model.off': 'unable',
  'model.too_long': 'too_long',
}

const causeOf = (code: string): Cause | null => CAUSES[code] ?? (code.startsWith('model.') ? 'model' : null)

/**
 * Why a model did not write, and when to come again; the server's sentence for an unknown code. `quoted` says whether
 * quotes stand in the place of its words.
 */
export function refusedOf({ code, sentence, retry_after: seconds }: Refusal, quoted: boolean): string {
  const cause = causeOf(code)
  return (cause ? t(quoted ? `assistant.refused.${cause}` : `assistant.none.${cause}`) : sentence) + againIn(seconds)
}

const SENTENCES: Readonly<Record<string, Key>> = {
  'assistant.opted_out': 'assistant.you_opted_out',
  'assistant.off': 'assistant.off',
  'assistant.no_article': 'assistant.no_article',
  'assistant.no_translation': 'assistant.no_translation',
  'assistant.too_many_chats': 'assistant.too_many_chats',
  'assistant.too_long': 'assistant.too_long',
}

/** Why nothing came, not even quotes. */
export function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return sentenceOf(error)
  const sentence = SENTENCES[error.code]
  if (sentence) return t(sentence)
  const cause = error.code === 'rate.limited' ? 'often' : causeOf(error.code)
  return (cause ? t(`assistant.none.${cause}`) : sentenceOf(error)) + againIn(error.retryAfter)
}

/** "Try again in 7 seconds", or in minutes, hours or days; nothing where nobody knows. */
const againIn = (seconds = 0): string => (seconds ? ` ${t('assistant.again_in', { when: waitOf(seconds, texts.language) })}` : '')

/** How much of the budget that ends first is left; nothing where there is none. */
export function leftOf(left: readonly Left[]): string {
  const found = tightest(left)
  if (!found) return ''
  const share = new Intl.NumberFormat(texts.language, { style: 'percent', maximumFractionDigits: found.share < 0.1 ? 1 : 0 }).format(found.share)
  return t(found.budget.per === 'day' ? 'assistant.left_day' : 'assistant.left_quarter', { share })
}
