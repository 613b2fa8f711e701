// One composer that is open: what is in it, kept as a draft while it changes. A key touches one part's text and what is
// derived from it; the draft is put together only when it is saved or sent.

import { SvelteMap } from 'svelte/reactivity'
import { newDraft, newPart, newPoll, isEmpty, problemOf, undescribed, type Draft, type DraftMedia, type DraftPart, type DraftPoll, type Problem, type QuotePolicy, type ReplyPolicy } from '../lib/draft'
import { Autosave, deleteDraft } from '../lib/drafts'
import { cleanText, postLength } from '../lib/graphemes'
import type { Visibility } from '../lib/entities'
import { languageOf } from '../lib/written-language'
import { splitThread } from '../lib/split'
import { texts } from './language.svelte'
import { session } from './session.svelte'
import { sender, shelf } from './outbox.svelte'
import { Attaching } from './attaching.svelte'

const GUESS_AFTER_MS = 600

export class Part {
  readonly key: string
  text = $state('')
  media = $state.raw<readonly DraftMedia[]>([])
  poll = $state<DraftPoll | null>(null)
  /** As the server counts it, without the warning. */
  readonly length = $derived(postLength(cleanText(this.text)))
  readonly isFilled = $derived(this.text.trim() !== '' || this.media.length > 0 || this.poll !== null)

  constructor(part: DraftPart) {
    this.key = part.key
    this.text = part.text
    this.media = part.media
    this.poll = part.poll
  }

  toDraft(): DraftPart {
    return { key: this.key, text: this.text, media: [...this.media], poll: this.poll && $state.snapshot(this.poll) }
  }

  /** Change one file of it. */
  change(key: string, values: Partial<DraftMedia>): void {
    this.media = this.media.map((media) => (media.key === key ? { ...media, ...values } : media))
  }
}

export class Composing {
  readonly id: string
  readonly account: string
  /** The text that it was opened with: alone, it is nothing to keep. */
  readonly given: string
  parts = $state.raw<readonly Part[]>([])
  warning = $state<string | null>(null)
  sensitive = $state(false)
  visibility = $state<Visibility>('public')
  language = $state('en')
  languageChosen = $state(false)
  replyPolicy = $state<ReplyPolicy>('everyone')
  quotePolicy = $state<QuotePolicy>('public')
  scheduledAt = $state<string | null>(null)
  reason = $state<string | null>(null)
  quote = $state.raw<Draft['quote']>(null)
  readonly replyTo: Draft['replyTo']
  readonly edits: string | null
  readonly maybeSent: Draft['maybeSent']
  readonly attaching = new Attaching(this)
  readonly limit = session.community.max_characters
  /** Problems are told once "Post" was pressed; before that, the person is still writing. */
  tried = $state(false)
  problems = new SvelteMap<string, Problem>()
  /** Whether the button may be pressed; what else is wrong is told then. */
  readonly canPost = $derived.by(() => {
    const filled = this.parts.filter((part) => part.isFilled)
    const room = this.limit - this.warningLength
    return (filled.length > 0 || this.quote !== null) && filled.every((part) => part.length <= room && part.media.every((media) => !this.attaching.refusals.has(media.key)))
  })
  readonly warningLength = $derived(this.warning ? postLength(this.warning) : 0)
  #autosave: Autosave
  #guess: ReturnType<typeof setTimeout> | undefined

  constructor(draft: Draft, given = '') {
    this.id = draft.id
    this.account = draft.account
    this.given = given
    this.parts = draft.parts.map((part) => new Part(part))
    this.warning = draft.warning
    this.sensitive = draft.sensitive
    this.visibility = draft.visibility
    this.language = draft.language
    this.languageChosen = draft.languageChosen
    this.replyPolicy = draft.replyPolicy
    this.quotePolicy = draft.quotePolicy
    this.scheduledAt = draft.scheduledAt
    this.reason = draft.reason
    this.quote = draft.quote
    this.replyTo = draft.replyTo
    this.edits = draft.edits
    this.maybeSent = draft.maybeSent
    this.#autosave = new Autosave(shelf, { given })
  }

  get isEdit(): boolean {
    return this.edits !== null
  }

  write(part: Part, text: string): void {
    part.text = text
    this.touch()
    if (!this.languageChosen) this.#guess ??= setTimeout(() => this.#guessLanguage(), GUESS_AFTER_MS)
  }

  /** Something changed: it is saved in a moment. */
  touch(): void {
    if (this.reason !== null) this.reason = null
    this.#autosave.touch(() => this.toDraft())
  }

  addPart(after: Part = this.parts.at(-1) as Part, text = ''): Part {
    const part = new Part(newPart(text))
    const at = this.parts.indexOf(after) + 1
    this.parts = [...this.parts.slice(0, at), part, ...this.parts.slice(at)]
    this.touch()
    return part
  }

  removePart(part: Part): void {
    if (this.parts.length === 1) return
    part.media.forEach((media) => this.attaching.stop(media.key))
    this.parts = this.parts.filter((one) => one !== part)
    this.touch()
  }

  /** Cut a text that is too long into parts that fit; the last of them. */
  split(part: Part): Part {
    const [first = '', ...others] = splitThread(part.text, Math.max(20, this.limit - this.warningLength))
    part.text = first
    let after = part
    for (const text of others) after = this.addPart(after, text)
    this.touch()
    return after
  }

  togglePoll(part: Part): void {
    part.poll = part.poll ? null : newPoll()
    this.touch()
  }

  toggleWarning(): void {
    this.warning = this.warning === null ? '' : null
    this.touch()
  }

  chooseLanguage(code: string): void {
    this.language = code
    this.languageChosen = true
    this.touch()
  }

  /** The first reason why it cannot go out, told at its part. */
  check(): boolean {
    const draft = this.toDraft()
    this.problems.clear()
    draft.parts.forEach((part, index) => {
      const isLeftOut = draft.parts.length > 1 && !part.text.trim() && !part.media.length && !part.poll
      const problem = isLeftOut ? null : problemOf(draft, index, { ...limits, characters: this.limit, media: session.community.max_media })
      if (problem) this.problems.set(part.key, problem)
    })
    this.tried = true
    return this.problems.size === 0
  }

  get undescribed(): number {
    return undescribed(this.toDraft()).length
  }

  get isEmpty(): boolean {
    return isEmpty(this.toDraft(), this.given)
  }

  /** Hand it to the sender, which shows it at once; nothing is left to save. */
  async post(): Promise<void> {
    await this.attaching.settle()
    void sender.post(this.toDraft(), this.#autosave.drop())
  }

  async discard(): Promise<void> {
    await this.#autosave.drop()
    this.attaching.stopAll()
    await deleteDraft(shelf, this.id)
  }

  /** Keep it and go. */
  async close(): Promise<void> {
    clearTimeout(this.#guess)
    await this.#autosave.close()
  }

  toDraft(): Draft {
    return newDraft(this.account, {
      id: this.id,
      parts: this.parts.map((part) => part.toDraft()),
      warning: this.warning,
      sensitive: this.sensitive,
      visibility: this.visibility,
      language: this.language,
      languageChosen: this.languageChosen,
      replyPolicy: this.replyPolicy,
      quotePolicy: this.quotePolicy,
      scheduledAt: this.scheduledAt,
      reason: this.reason,
      quote: this.quote,
      replyTo: this.replyTo,
      edits: this.edits,
      maybeSent: this.maybeSent,
    })
  }

  #guessLanguage(): void {
    this.#guess = undefined
    if (this.languageChosen) return
    const preferred = session.preferences.language ?? texts.language
    this.language = languageOf(this.parts.map((part) => part.text).join('\n'), preferred, texts.language)
  }
}

const limits = { pollOptions: 4, pollOptionCharacters: 50, pollShortest: 300, pollLongest: 2_629_746 }
