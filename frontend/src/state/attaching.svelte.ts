// The files of an open composer: taken in, uploaded while the person writes, described. What could not be uploaded now
// goes with the post; only what the server refused stands in its way.

import { SvelteMap } from 'svelte/reactivity'
import { get, send } from '../lib/api'
import { admitted, FILE_LIMITS, isCaptions, limitsOf, mediaOf, moved, problemOfFile, uploadFile, type FileLimits, type FileProblem, type Upload } from '../lib/attachments'
import type { DraftMedia } from '../lib/draft'
import type { Media } from '../lib/entities'
import { sizeOf } from '../lib/media-box'
import { reasonOf, type Answer } from '../lib/net'
import { untilReady } from '../lib/uploads'
import type { Composing, Part } from './composing.svelte'
import { t, texts } from './language.svelte'
import { net } from './outbox.svelte'
import { session } from './session.svelte'
import { toasts } from './toasts.svelte'

let limits: Promise<FileLimits> | null = null
/** The same, once the server has answered. */
let known: FileLimits | null = null

/** What the server takes, asked once. */
export function fileLimits(): Promise<FileLimits> {
  limits ??= get('/api/v2/instance')
    .then((instance) => (known = limitsOf(instance)))
    .catch(() => {
      limits = null
      return FILE_LIMITS
    })
  return limits
}

export class Attaching {
  /** How far an upload is, from 0 to 1. */
  readonly progress = new SvelteMap<string, number>()
  /** Why the server did not take a file. */
  readonly refusals = new SvelteMap<string, string>()
  #uploads = new Map<string, Upload>()
  #underway = new Map<string, Promise<void>>()
  #addresses = new Map<string, string>()

  constructor(private readonly composing: Composing) {}

  /** They have their place at once, so that nothing moves when their turn comes. */
  add(part: Part, files: readonly File[]): void {
    if (part.poll) return void toasts.problem(t('composer.poll_or_media'))
    const { files: good, problems } = admitted(files, part.media.length, session.community.max_media, known)
    for (const problem of problems.slice(0, 2)) toasts.problem(wordsOf(problem))
    const media = good.map(mediaOf)
    part.media = [...part.media, ...media]
    this.composing.touch()
    for (const one of media) {
      if (known) this.upload(part, one)
      else this.#underway.set(one.key, this.#begin(part, one))
    }
  }

  /** How large the browser finds it: what stands for the post until the server's answer is as high as it will be. */
  measured(part: Part, media: DraftMedia, shown: EventTarget): void {
    const [width, height] = shown instanceof HTMLVideoElement ? [shown.videoWidth, shown.videoHeight] : shown instanceof HTMLImageElement ? [shown.naturalWidth, shown.naturalHeight] : []
    if (media.size === null && width && height) part.change(media.key, { size: [width, height] })
  }

  /** Begin an upload; without network it is left for later. */
  upload(part: Part, media: DraftMedia): void {
    if (!media.blob || media.id !== null || !navigator.onLine || this.#uploads.has(media.key)) return
    this.refusals.delete(media.key)
    this.progress.set(media.key, 0)
    const upload = uploadFile(media.blob, media.name, this.composing.account, (done) => this.progress.has(media.key) && this.progress.set(media.key, done))
    this.#uploads.set(media.key, upload)
    const underway = this.#follow(part, media.key, upload.done)
    this.#underway.set(media.key, underway)
  }

  remove(part: Part, key: string): void {
    this.stop(key)
    part.media = part.media.filter((media) => media.key !== key)
    this.composing.touch()
  }

  move(part: Part, from: number, to: number): void {
    part.media = moved(part.media, from, to)
    this.composing.touch()
  }

  async addCaptions(part: Part, key: string, file: File): Promise<boolean> {
    const text = await file.text()
    if (!isCaptions(text)) {
      toasts.problem(t('composer.captions_bad'))
      return false
    }
    part.change(key, { captions: { text, language: this.composing.language, saved: false } })
    this.composing.touch()
    return true
  }

  /** Where a picture of it is shown from. */
  addressOf(media: DraftMedia): string {
    if (!media.blob) return media.preview ?? ''
    const known = this.#addresses.get(media.key) ?? URL.createObjectURL(media.blob)
    this.#addresses.set(media.key, known)
    return known
  }

  stop(key: string): void {
    this.#uploads.get(key)?.stop()
    this.#forget(key)
    this.refusals.delete(key)
  }

  stopAll(): void {
    for (const key of [...this.#underway.keys()]) this.stop(key)
    for (const address of this.#addresses.values()) URL.revokeObjectURL(address)
    this.#addresses.clear()
  }

  /** Until what is under way has arrived or failed. */
  async settle(): Promise<void> {
    while (this.#underway.size) await Promise.allSettled(this.#underway.values())
  }

  /** Chosen before the server said what it takes: a file that it does not take is told so in its place. */
  async #begin(part: Part, { key, name, type, blob }: DraftMedia): Promise<void> {
    if (navigator.onLine) this.progress.set(key, 0)
    const problem = problemOfFile({ name, type, size: blob?.size ?? 0 }, await fileLimits())
    // Taken out again, or discarded.
    if (!this.#underway.has(key)) return
    this.#forget(key)
    const media = part.media.find((one) => one.key === key)
    if (media && problem) this.refusals.set(key, wordsOf(problem))
    else if (media) this.upload(part, media)
  }

  async #follow(part: Part, key: string, done: Promise<Answer>): Promise<void> {
    try {
      let answer = await done
      const id = String((answer.body as { id?: unknown } | null)?.id ?? '')
      if (answer.status === 202) answer = await untilReady(net, id)
      if (!part.media.some((media) => media.key === key)) return void this.#throwAway(id)
      if (answer.status < 300) {
        const taken = answer.body as Media
        part.change(key, { id, uploadedAt: Date.now(), preview: taken.preview_url ?? null, ...(sizeOf(taken) && { size: sizeOf(taken) }) })
        this.composing.touch()
      } else if (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && answer.status !== 401) this.refusals.set(key, reasonOf(answer))
    } catch {
      // No answer: it goes with the post.
    } finally {
      this.#forget(key)
    }
  }

  /** It was taken out while it was on its way. */
  #throwAway(id: string): void {
    if (id) void send('DELETE', `/api/v1/media/${id}`).catch(() => {})
  }

  #forget(key: string): void {
    this.#uploads.delete(key)
    this.#underway.delete(key)
    this.progress.delete(key)
  }
}

function wordsOf(problem: FileProblem): string {
  const size = (bytes = 0) => new Intl.NumberFormat(texts.language, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 }).format(bytes / 1_048_576)
  const name = problem.name || t('composer.a_file')
  switch (problem.kind) {
    case 'large':
      return t('composer.file_large', { name, size: size(problem.bytes), limit: size(problem.limit) })
    case 'empty':
      return t('composer.file_empty', { name })
    case 'many':
      return t('composer.file_many', { count: problem.limit ?? 4 })
    case 'type':
      return t('composer.file_type', { name })
  }
}
