import { beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from '../lib/api'
import { labelOf, problemOf, refusedOf } from './assistant-words'
import { texts } from './language.svelte'

beforeAll(async () => {
  await texts.need('core', 'assistant')
})

const refused = (code: string, retry_after?: number) => ({ code, sentence: 'What the server says', ...(retry_after && { retry_after }) })

describe('what is said of an answer', () => {
  it('is who made it, from how much', () => {
    expect(labelOf({ generated: true, model: 'm', sources: 2 })).toBe('AI-generated · m · 2 sources · may be wrong')
    expect(labelOf({ generated: false, model: '', sources: 1 })).toBe('Found automatically · quotes from 1 post, nothing generated')
  })

  it('does not name quotes where there are none', () => {
    expect(labelOf({ generated: false, model: '', sources: 0 })).toBe('Automatic reply · nothing generated')
  })

  it('never says of what was cut off that no model wrote it', () => {
    expect(labelOf(null)).toContain('May be AI-generated')
  })
})

describe('why there is no better one', () => {
  it('is told with the time to come again, and with the quotes only where some follow', () => {
    expect(refusedOf(refused('model.busy', 7), true)).toBe('Many people are asking at the moment, so these are quotes. Try again in 7 seconds.')
    expect(refusedOf(refused('model.busy', 7), false)).toBe('Many people are asking at the moment. Try again in 7 seconds.')
  })

  it('is not told as passing where it does not pass', () => {
    expect(refusedOf(refused('model.off'), false)).toBe('This community’s model cannot do this.')
    expect(problemOf(new ApiError('invalid', 'x', 422, 0, 'model.too_long'))).toBe('This is too long for this community’s model.')
    expect(problemOf(new ApiError('limited', 'x', 503, 0, 'model.slow'))).toBe('The model cannot answer at the moment.')
  })

  it('names a wait as long as that of a budget in days', () => {
    const quarter = new ApiError('limited', 'x', 429, 60 * 86_400 - 5, 'budget.spent')
    expect(problemOf(quarter)).toBe('The budget for this is spent. Try again in 60 days.')
    expect(problemOf(new ApiError('limited', 'x', 429, 30, 'rate.limited'))).toBe('You asked too often. Try again in 30 seconds.')
  })
})
