// Reads a stream of server-sent events from an answer to `fetch`: EventSource can only GET, and cannot be told for which
// account the tab speaks. Only `event` and `data` are read; the streams of the assistant have no ids and no retries.

import { ApiError } from './api'

export interface ServerEvent {
  name: string
  data: string
}

/** Takes the text as it arrives, cut anywhere, and gives the events that are whole. */
export class EventReader {
  #rest = ''
  #name = ''
  #data: string[] = []

  read(text: string): ServerEvent[] {
    const found: ServerEvent[] = []
    // A line may end in CR LF, and the two may arrive apart: a last CR waits for what follows.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#line(line)
      if (event) found.push(event)
    }
    return found
  }

  #line(line: string): ServerEvent | null {
    if (line === '') {
      const event = this.#data.length ? { name: this.#name || 'message', data: this.#data.join('\n') } : null
      this.#name = ''
      this.#data = []
      return event
    }
    const [, field = '', value = ''] = /^([^:]*):? ?([\s\S]*)$/.exec(line) ?? []
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#data.push(value)
    return null
  }
}

/**
 * The events of a response, one after the other; leaving the loop closes the connection.
 * Raises ApiError where the connection was lost.
 */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const events = new EventReader()
  try {
    while (true) {
      const { done, value } = await reader.read().catch(lost)
      if (done) return
      yield* events.read(decoder.decode(value, { stream: true }))
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** The browser says of a connection that broke only that something of the types was wrong. */
function lost(error: unknown): never {
  throw error instanceof DOMException && error.name === 'AbortError' ? error : new ApiError('offline', '')
}
