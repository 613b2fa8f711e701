// How a composer is called, and how it is left: what was written stays as a draft, and one line says so.

import type { Opening } from '../../state/composer.svelte'
import { openComposer } from '../../state/composer.svelte'
import type { Composing } from '../../state/composing.svelte'
import { t } from '../../state/language.svelte'
import { toasts } from '../../state/toasts.svelte'

export function titleOf(opening: Opening, composing: Composing | null): string {
  if (opening.edit || composing?.isEdit) return t('composer.edit')
  if (opening.redraft) return t('composer.redraft')
  if (opening.replyTo || composing?.replyTo) return t('composer.new_reply')
  if (composing?.visibility === 'direct') return t('composer.new_message')
  if (opening.quote || composing?.quote) return t('composer.new_quote')
  return t('composer.new')
}

export async function leave(composing: Composing): Promise<void> {
  const isEmpty = composing.isEmpty
  await composing.close()
  if (!isEmpty) toasts.say(t('composer.kept'), { label: t('composer.open'), run: () => void openComposer({ draft: composing.toDraft() }) })
}
