// Saving a change of a post: no queue, since what it changes may have changed meanwhile. What fails stays where it is.

import { ApiError, put } from '../lib/api'
import { editRequestOf, tidied } from '../lib/draft'
import type { Status } from '../lib/entities'
import { uploadPart } from '../lib/uploads'
import { reasonOf } from '../lib/net'
import type { Composing } from './composing.svelte'
import { t } from './language.svelte'
import { net, shelf } from './outbox.svelte'
import { posts } from './posts.svelte'
import { sentenceOf } from './problem'
import { toasts } from './toasts.svelte'

export async function saveEdit(composing: Composing): Promise<void> {
  try {
    await composing.attaching.settle()
    const draft = tidied(composing.toDraft())
    const kept = { id: draft.id, account: draft.account, updatedAt: Date.now(), draft, sending: null }
    const { kept: uploaded, refused } = await uploadPart(shelf, net, { ...kept, draft: asNew(draft) }, 0, Date.now())
    if (refused) throw new ApiError('invalid', reasonOf(refused), refused.status)
    const status = await put<Status>(`/api/v1/statuses/${draft.edits}`, editRequestOf({ ...draft, parts: mergedParts(draft, uploaded.draft) }))
    posts.put(status)
    await composing.discard()
    toasts.say(t('composer.saved'))
  } catch (error) {
    const isOffline = error instanceof ApiError && error.problem === 'offline'
    toasts.problem(isOffline ? t('composer.edit_offline') : sentenceOf(error))
    throw error
  }
}

type Kept = Parameters<typeof tidied>[0]

/** Files that are new go up; descriptions of those that are in the post go with the edit itself. */
const asNew = (draft: Kept): Kept => ({ ...draft, parts: draft.parts.map((part) => ({ ...part, media: part.media.filter((media) => media.blob !== null) })) })

const mergedParts = (draft: Kept, uploaded: Kept): Kept['parts'] =>
  draft.parts.map((part, index) => ({
    ...part,
    media: part.media.map((media) => uploaded.parts[index]?.media.find((one) => one.key === media.key) ?? media),
  }))
