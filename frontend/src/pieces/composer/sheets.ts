// The sheets that a composer opens. They are fetched once it is open, so that they are there when the network is gone.

import { dialogs } from '../../state/dialogs.svelte'
import { t } from '../../state/language.svelte'
import { toasts } from '../../state/toasts.svelte'

const SHEETS = {
  audience: () => import('./AudienceSheet.svelte'),
  describe: () => import('./MediaEditor.svelte'),
  discard: () => import('./Discard.svelte'),
  drafts: () => import('./DraftsSheet.svelte'),
  emojis: () => import('./EmojiPicker.svelte'),
  language: () => import('./LanguageSheet.svelte'),
  remind: () => import('./Remind.svelte'),
  suggest: () => import('./SuggestSheet.svelte'),
  schedule: () => import('./ScheduleSheet.svelte'),
}

/** Open one; false where its script could not be had. */
export async function openSheet(name: keyof typeof SHEETS, props: Record<string, unknown> = {}): Promise<boolean> {
  try {
    await dialogs.show(SHEETS[name], ['core', 'composer', ...(name === 'suggest' ? (['assistant'] as const) : [])], props)
    return true
  } catch {
    toasts.problem(t('core.problem.offline'))
    return false
  }
}

let isFetched = false

export function fetchSheets(): void {
  if (isFetched) return
  isFetched = true
  const all = () => Promise.all([...Object.values(SHEETS).map((load) => load()), import('../../lib/emoji-list')])
  setTimeout(() => void all().catch(() => (isFetched = false)), 600)
}
