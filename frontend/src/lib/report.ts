// The steps of a report: the reason decides which follow. Pure.

import { firstWords } from './people'

export type Reason = 'dislike' | 'spam' | 'violation' | 'legal' | 'other'
export type Step = 'reason' | 'dislike' | 'rules' | 'posts' | 'comment' | 'done'

export const MAX_COMMENT = 1000
export const MAX_POSTS = 40

/** The reasons offered: breaking a rule only where there are rules. */
export const reasonsOf = (rules: number): Reason[] => ['dislike', 'spam', ...(rules ? ['violation' as const] : []), 'legal', 'other']

export function stepsOf(reason: Reason | null): Step[] {
  if (reason === null) return ['reason']
  if (reason === 'dislike') return ['reason', 'dislike']
  return ['reason', ...(reason === 'violation' ? ['rules' as const] : []), 'posts', 'comment', 'done']
}

export const after = (step: Step, reason: Reason | null): Step => neighbour(step, reason, 1)
export const before = (step: Step, reason: Reason | null): Step => neighbour(step, reason, -1)

function neighbour(step: Step, reason: Reason | null, way: 1 | -1): Step {
  const steps = stepsOf(reason)
  return steps[steps.indexOf(step) + way] ?? step
}

/** A post in a few words, without the link to what it quotes. */
export const wordsOf = (html: string): string => firstWords(html.replace(/<p class="quote-inline">.*?<\/p>/s, ''))
