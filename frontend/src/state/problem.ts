// A failed request as a sentence: what happened and what to do. The server's own sentence is used where it says more
// than the kind of problem does.

import { ApiError } from '../lib/api'
import { t } from './language.svelte'

export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return t('core.problem.app')
  switch (error.problem) {
    case 'offline':
      return t('core.problem.offline')
    case 'absent':
      return t('core.problem.absent')
    case 'limited':
      return t('core.problem.limited')
    case 'changed':
      return t('core.problem.changed')
    case 'server':
      return t('core.problem.server')
    case 'denied':
      return error.status === 401 ? t('core.problem.signed_out') : error.message || t('core.problem.denied')
    case 'invalid':
      return error.message || t('core.problem.invalid')
  }
}
