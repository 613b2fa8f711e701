// The one client of the server's API. It speaks with the session's cookie, never with a token that a script could read,
// and tells with every request for which account this tab believes to speak.

import { parseLinks } from './links'

export interface Page<T> {
  items: T[]
  /** Address of the next older page; null at the end. */
  older: string | null
  /** Address of what is newer than this page; null where the server names none. */
  newer: string | null
}

export type Problem = 'offline' | 'denied' | 'absent' | 'invalid' | 'limited' | 'changed' | 'server'

/** A request that did not succeed. `message` is the server's sentence; it is empty where nothing answered. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    message: string,
    readonly status = 0,
    readonly retryAfter = 0,
    /** The server's word for what was wrong, where it has one. */
    readonly code = '',
    /** The whole answer: where only a part was refused, the rest stands in it. */
    readonly told: unknown = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

type Value = string | number | boolean | null | undefined | readonly (string | number)[]
export type Params = Record<string, Value>

export interface Options {
  params?: Params
  /** An object is sent as JSON, a FormData as it is. */
  body?: unknown
  key?: string
  signal?: AbortSignal
  keepalive?: boolean
}

let accountId = ''
let onLost: (how: Lost) => void = () => {}

/** Say for which account the requests of this tab are meant; empty for a visitor. */
export function speakFor(id: string): void {
  accountId = id
}

/** The browser's session is another account's by now, or it ended or may do nothing any more. */
export type Lost = 'changed' | 'ended'

/** Called when the session is no longer the one this tab was opened with. */
export function whenLost(then: (how: Lost) => void): void {
  onLost = then
}

export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null || value === '') continue
    if (Array.isArray(value)) value.forEach((one) => query.append(`${name}[]`, String(one)))
    else query.append(name, String(value))
  }
  const text = query.toString()
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path
}

export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (accountId) headers['x-weft-account'] = accountId
  if (options.key) headers['idempotency-key'] = options.key
  let body: BodyInit | undefined
  if (options.body instanceof FormData) body = options.body
  else if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  const request: RequestInit = { method, headers, credentials: 'same-origin', keepalive: options.keepalive ?? false }
  if (body !== undefined) request.body = body
  if (options.signal) request.signal = options.signal
  let response: Response
  try {
    response = await fetch(address(path, options.params), request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('offline', '')
  }
  // A stream of events says in itself what was refused.
  if (!response.ok && !isStream(response)) throw await refusal(response)
  return response
}

const isStream = (response: Response): boolean => response.headers.get('content-type')?.startsWith('text/event-stream') ?? false

async function refusal(response: Response): Promise<ApiError> {
  const told: unknown = await response.json().catch(() => null)
  const message = typeof told === 'object' && told !== null && 'error' in told ? String(told.error) : ''
  const code = (told as { weft?: { code?: string } } | null)?.weft?.code ?? ''
  if (response.status === 409 && (code === 'session.changed' || response.headers.has('x-weft-session'))) {
    onLost('changed')
    return new ApiError('changed', message, 409, 0, code)
  }
  if (accountId && (response.status === 401 || code.startsWith('login.'))) onLost('ended')
  return new ApiError(problemOf(response.status), message, response.status, Number(response.headers.get('retry-after')) || 0, code, told)
}

function problemOf(status: number): Problem {
  if (status === 401 || status === 403) return 'denied'
  if (status === 404 || status === 410) return 'absent'
  if (status === 429 || status === 503) return 'limited'
  return status >= 500 ? 'server' : 'invalid'
}

async function answer<T>(method: string, path: string, options?: Options): Promise<T> {
  const response = await send(method, path, options)
  return (response.status === 204 ? null : await response.json()) as T
}

export const get = <T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> =>
  answer<T>('GET', path, { ...(params && { params }), ...(signal && { signal }) })
export const post = <T>(path: string, body: unknown = {}, options: Options = {}): Promise<T> => answer<T>('POST', path, { ...options, body })
export const put = <T>(path: string, body: unknown = {}, options: Options = {}): Promise<T> => answer<T>('PUT', path, { ...options, body })
export const patch = <T>(path: string, body: unknown = {}): Promise<T> => answer<T>('PATCH', path, { body })
export const remove = <T>(path: string, body?: unknown): Promise<T> => answer<T>('DELETE', path, body === undefined ? {} : { body })

/** A page of a list; follow `older` to read on. */
export async function page<T>(path: string, params?: Params, signal?: AbortSignal): Promise<Page<T>> {
  const response = await send('GET', path, { ...(params && { params }), ...(signal && { signal }) })
  const links = parseLinks(response.headers.get('link'))
  return { items: (await response.json()) as T[], older: links['next'] ?? null, newer: links['prev'] ?? null }
}
