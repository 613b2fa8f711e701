// Brings a part's files to the server before the part goes out, and notes each id at once, so that a try that was cut
// short does not upload them again.

import type { DraftMedia } from './draft'
import { NoAnswer, type Answer, type Net } from './net'
import type { Kept, Shelf } from './shelf'

/** The server removes uploads that no post uses after a day. */
const KEPT_BY_SERVER_MS = 20 * 3_600_000
const LOOK_AGAIN_MS = 1_000
const LOOKS = 300

export type Uploaded = { kept: Kept; refused: Answer | null }

export async function uploadPart(shelf: Shelf, net: Net, first: Kept, index: number, now: number): Promise<Uploaded> {
  let kept = first
  for (const media of first.draft.parts[index]?.media ?? []) {
    const { values, refused } = await bring(net, media, now)
    if (refused) return { kept, refused }
    // What is not on the shelf (an edit) goes on with what it has.
    if (values) kept = (await shelf.change(kept.id, (one) => one && withMedia(one, media.key, values))) ?? withMedia(kept, media.key, values)
  }
  return { kept, refused: null }
}

type Brought = { values: Partial<DraftMedia> | null; refused: Answer | null }

async function bring(net: Net, media: DraftMedia, now: number): Promise<Brought> {
  const lasting = media.id !== null && (media.blob === null || now - (media.uploadedAt ?? 0) < KEPT_BY_SERVER_MS)
  if (!lasting && media.blob) return await upload(net, media, media.blob, now)
  const described = media.alt !== media.savedAlt || String(media.focus) !== String(media.savedFocus)
  if (described) {
    const answer = await net.request('PUT', `/api/v1/media/${media.id}`, { json: descriptionOf(media) })
    if (answer.status >= 300) return { values: null, refused: answer }
  }
  const refused = await bringCaptions(net, media, media.id as string)
  return refused ? { values: null, refused } : { values: described || media.captions ? asSaved(media) : null, refused: null }
}

async function upload(net: Net, media: DraftMedia, blob: Blob, now: number): Promise<Brought> {
  const form = new FormData()
  form.set('file', blob, media.name)
  if (media.alt) form.set('description', media.alt)
  if (media.focus) form.set('focus', media.focus.join(','))
  const answer = await net.request('POST', '/api/v2/media', { form })
  if (answer.status >= 300) return { values: null, refused: answer }
  const id = String((answer.body as { id: unknown }).id)
  const ready = answer.status === 202 ? await untilReady(net, id) : answer
  if (ready.status >= 300) return { values: null, refused: ready }
  const refused = await bringCaptions(net, { ...media, captions: media.captions && { ...media.captions, saved: false } }, id)
  return refused ? { values: null, refused } : { values: { id, uploadedAt: now, ...asSaved(media) }, refused: null }
}

/** Asks until the server has read the file: 206 while it has not. */
export async function untilReady(net: Net, id: string, pause: number = LOOK_AGAIN_MS): Promise<Answer> {
  for (let look = 0; look < LOOKS; look += 1) {
    const answer = await net.request('GET', `/api/v1/media/${id}`)
    if (answer.status !== 206 && answer.status !== 202) return answer
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throw new NoAnswer('the file is not ready')
}

async function bringCaptions(net: Net, media: DraftMedia, id: string): Promise<Answer | null> {
  if (!media.captions || media.captions.saved) return null
  const form = new FormData()
  form.set('file', new Blob([media.captions.text], { type: 'text/vtt' }), 'captions.vtt')
  form.set('language', media.captions.language)
  const answer = await net.request('POST', `/api/weft/v1/media/${id}/captions`, { form })
  return answer.status >= 300 ? answer : null
}

export const descriptionOf = (media: DraftMedia): Record<string, string> => ({
  description: media.alt,
  ...(media.focus ? { focus: media.focus.join(',') } : {}),
})

const asSaved = (media: DraftMedia): Partial<DraftMedia> => ({
  savedAlt: media.alt,
  savedFocus: media.focus,
  captions: media.captions && { ...media.captions, saved: true },
})

/** The record with new values for one file, found by its key: the person may have moved it. */
function withMedia(kept: Kept, key: string, values: Partial<DraftMedia>): Kept {
  const parts = kept.draft.parts.map((part) => ({
    ...part,
    media: part.media.map((media) => (media.key === key ? { ...media, ...values } : media)),
  }))
  return { ...kept, draft: { ...kept.draft, parts } }
}
