// What the outbox and the uploads need of the network: an answer, or that there was none. The app's client is fitted
// to this in `state/`; tests bring their own.

export type Answer = {
  status: number
  body: unknown
  /** Seconds the server asks to wait. */
  retryAfter: number | null
  /** The server's clock, from the Date header, in milliseconds. */
  date: number | null
}

/** No answer came: the request may or may not have arrived. */
export class NoAnswer extends Error {}

export type Net = {
  /** The account that this tab speaks for; null when signed out. */
  account(): string | null
  online(): boolean
  /** Raises NoAnswer when none came. */
  request(method: string, path: string, options?: { json?: unknown; form?: FormData; key?: string }): Promise<Answer>
}

/** The sentence of a refusal. */
export function reasonOf(answer: Answer): string {
  const body = answer.body as { error?: unknown; error_description?: unknown } | null
  const text = body?.error_description ?? body?.error
  return typeof text === 'string' && text !== '' ? text : String(answer.status)
}
