// One socket for everything that happens: streams are subscribed to on it, and it comes back by itself. It waits a
// little longer after each failure, and asks at once when the network returns.

type Listener = (event: string, payload: unknown) => void

interface Frame {
  stream: string[]
  event: string
  payload?: string
}

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
/** The server's word where a right was taken away, be it another browser's. A handshake that is refused gives no word. */
const RIGHTS_CHANGED = 1008

export class Stream {
  #socket: WebSocket | null = null
  #listeners = new Map<string, Set<Listener>>()
  #wait = FIRST_WAIT_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  #wanted = false
  #opened = false
  /** Called after a gap: what was missed must be read. */
  onReturn: () => void = () => {}
  /** Called when the server closed it because of rights, or when it cannot be opened: one may be let in no more. */
  onRefused: () => void = () => {}

  constructor(readonly address: string) {}

  start(): void {
    this.#wanted = true
    addEventListener('online', () => this.#open())
    this.#open()
  }

  stop(): void {
    this.#wanted = false
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  /** Listen to a stream (`user`, `public:local`, `hashtag?tag=x`); the answer ends it. */
  on(stream: string, listener: Listener): () => void {
    const known = this.#listeners.get(stream)
    if (known) known.add(listener)
    else {
      this.#listeners.set(stream, new Set([listener]))
      this.#ask('subscribe', stream)
    }
    return () => {
      const listeners = this.#listeners.get(stream)
      listeners?.delete(listener)
      if (listeners?.size === 0) {
        this.#listeners.delete(stream)
        this.#ask('unsubscribe', stream)
      }
    }
  }

  #open(): void {
    clearTimeout(this.#timer)
    if (!this.#wanted || (this.#socket && this.#socket.readyState <= WebSocket.OPEN)) return
    const socket = new WebSocket(this.address)
    let isOpen = false
    this.#socket = socket
    socket.onopen = () => {
      isOpen = true
      this.#wait = FIRST_WAIT_MS
      for (const stream of this.#listeners.keys()) this.#ask('subscribe', stream)
      if (this.#opened) this.onReturn()
      this.#opened = true
    }
    socket.onmessage = (message) => this.#receive(String(message.data))
    socket.onclose = ({ code }) => {
      if (!this.#wanted || this.#socket !== socket) return
      if (!isOpen || code === RIGHTS_CHANGED) this.onRefused()
      this.#timer = setTimeout(() => this.#open(), this.#wait * (0.75 + Math.random() / 2))
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
    }
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Frame
    const name = nameOf(frame.stream)
    const listeners = this.#listeners.get(name)
    if (!listeners) return
    const payload: unknown = frame.payload === undefined ? null : frame.event === 'delete' ? frame.payload : JSON.parse(frame.payload)
    listeners.forEach((listener) => listener(frame.event, payload))
  }

  #ask(type: 'subscribe' | 'unsubscribe', name: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    const [stream, query] = name.split('?')
    this.#socket.send(JSON.stringify({ type, stream, ...Object.fromEntries(new URLSearchParams(query)) }))
  }
}

function nameOf(stream: readonly string[]): string {
  const [name, value] = stream
  if (value === undefined) return name ?? ''
  return `${name}?${name === 'list' ? 'list' : 'tag'}=${encodeURIComponent(value)}`
}
