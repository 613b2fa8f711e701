import { describe, expect, it } from 'vitest'
import { EventReader, eventsOf } from './server-events'

const STREAM = 'event: start\ndata: {"turn":1}\n\n: a comment\n\nevent: delta\r\ndata: {"text":"안녕 🌿"}\r\n\r\ndata: one\ndata: two\n\nevent: empty\n\nevent: lost\ndata: cut'
const EVENTS = [
  { name: 'start', data: '{"turn":1}' },
  { name: 'delta', data: '{"text":"안녕 🌿"}' },
  { name: 'message', data: 'one\ntwo' },
]

function streamOf(bytes: Uint8Array, size: number, closed: () => void = () => {}): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, (at += size)))
    },
    cancel: closed,
  })
}

describe('server-sent events', () => {
  it('are the same wherever the bytes are cut', async () => {
    const bytes = new TextEncoder().encode(STREAM)
    for (let size = 1; size <= bytes.length; size++) {
      const found = []
      for await (const event of eventsOf(streamOf(bytes, size))) found.push(event)
      expect(found).toEqual(EVENTS)
    }
  })

  it('that are not whole are not told', () => {
    expect(new EventReader().read('event: delta\ndata: {"te')).toEqual([])
  })

  it('that stop because the connection broke are told so, and those that were stopped are not', async () => {
    const broken = (error: Error) => async () => {
      for await (const event of eventsOf(new ReadableStream({ start: (controller) => controller.error(error) }))) expect(event).toBeNull()
    }
    await expect(broken(new TypeError('network error'))()).rejects.toMatchObject({ problem: 'offline' })
    await expect(broken(new DOMException('stopped', 'AbortError'))()).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('close the connection when nobody reads on', async () => {
    let closed = false
    for await (const event of eventsOf(streamOf(new TextEncoder().encode(STREAM), 7, () => (closed = true)))) {
      expect(event.name).toBe('start')
      break
    }
    expect(closed).toBe(true)
  })
})
