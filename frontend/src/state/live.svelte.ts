// What the stream brings, spread to whoever shows it: feeds, posts, counts.

import type { Conversation, Notification, Status } from '../lib/entities'
import { Stream } from '../lib/stream'
import { feeds } from './feed.svelte'
import { posts } from './posts.svelte'
import { unread } from './unread.svelte'

const HOME = '/api/v1/timelines/home'

type Heard = { notification: Notification; conversation: Conversation; 'weft.note': unknown; filters_changed: null }

class Live {
  #stream: Stream | null = null
  #heard = new Map<keyof Heard, Set<(value: never) => void>>()

  start(isSignedIn: boolean): void {
    if (!isSignedIn) return
    this.#stream = new Stream(`${location.origin.replace(/^http/, 'ws')}/api/v1/streaming`)
    this.#stream.onReturn = () => feeds.kept(HOME).forEach((feed) => void feed.catchUp().catch(() => {}))
    this.#stream.on('user', (event, payload) => this.#user(event, payload))
    this.#stream.on('direct', (event, payload) => event === 'conversation' && this.#tell('conversation', payload))
    this.#stream.start()
  }

  /** Feed a list from a stream of posts; the answer ends it. */
  follow(stream: string, path: string): () => void {
    return this.#stream?.on(stream, (event, payload) => spread(event, payload, path)) ?? (() => {})
  }

  /** Hear of a kind of thing; the answer ends it. */
  hear<K extends keyof Heard>(kind: K, then: (value: Heard[K]) => void): () => void {
    const known = this.#heard.get(kind) ?? new Set()
    this.#heard.set(kind, known.add(then as (value: never) => void))
    return () => known.delete(then as (value: never) => void)
  }

  #user(event: string, payload: unknown): void {
    if (event === 'notification') unread.notifications += 1
    if (event === 'notification' || event === 'weft.note' || event === 'filters_changed') this.#tell(event, payload)
    else spread(event, payload, HOME)
  }

  #tell(kind: keyof Heard, value: unknown): void {
    if (kind === 'conversation' && (value as Conversation).unread) unread.messages += 1
    this.#heard.get(kind)?.forEach((then) => then(value as never))
  }
}

function spread(event: string, payload: unknown, path: string): void {
  if (event === 'update') feeds.kept(path).forEach((feed) => feed.receive(payload as Status))
  else if (event === 'status.update') posts.put(payload as Status)
  else if (event === 'delete') feeds.drop(String(payload))
}

export const live = new Live()
