// Following tags: shown at once, put back with a sentence where the server says no.

import { post } from '../lib/api'
import type { Tag } from '../lib/entities'
import { t } from './language.svelte'
import { sentenceOf } from './problem'
import { toasts } from './toasts.svelte'

const pathOf = (name: string) => `/api/v1/tags/${encodeURIComponent(name)}`

/** Follow a tag or stop; `show` is told what is to be seen. Stopping can be undone. */
export async function followTag(name: string, on: boolean, show: (on: boolean) => void): Promise<void> {
  show(on)
  try {
    await post<Tag>(`${pathOf(name)}/${on ? 'follow' : 'unfollow'}`)
  } catch (error) {
    show(!on)
    return void toasts.problem(sentenceOf(error))
  }
  if (!on) toasts.say(t('saved.tag_unfollowed', { tag: name }), { label: t('core.undo'), run: () => void followTag(name, true, show) })
}

export { pathOf as tagApi }
