// What the service worker keeps for reading offline, as rules: which answers, under whose name, how many. An answer is
// kept under the account that its request named, and the server answers no request that names another account than the
// session's, so nothing of one account lies under another.

export const DATA = 'data-'
export const MEDIA = 'media'
export const APP = 'app-'
/** The name under which a build's cache holds the page around the app. */
export const SHELL = '/~shell'
/** A page of the app that shows nobody's content: what the shell is taken from. */
export const SHELL_SOURCE = '/for-you'
/** When an answer was kept, in milliseconds; how long a body is. */
export const KEPT_AT = 'x-weft-kept'
export const BYTES = 'x-weft-bytes'
export const ACCOUNT = 'x-weft-account'

export const MOST_ANSWERS = 200
export const MOST_MEDIA_BYTES = 50 * 1024 * 1024
export const MOST_PICTURE_BYTES = 2 * 1024 * 1024

const ANSWERS: readonly RegExp[] = [
  /^\/api\/v1\/timelines\/(home|public|tag\/[^/]+|list\/\d+)$/,
  /^\/api\/weft\/v1\/(timelines\/for_you|notes|conversations(\/.+)?)$/,
  /^\/api\/v[12]\/(notifications|conversations|bookmarks|favourites|lists|custom_emojis)$/,
  /^\/api\/v2\/notifications\/policy$/,
  /^\/api\/v1\/statuses\/\d+(\/context)?$/,
  /^\/api\/v1\/accounts\/(lookup|relationships|\d+(\/statuses)?)$/,
]
/** A later page is not the last timeline. */
const PAGED = ['max_id', 'min_id', 'since_id', 'offset']

export function isKeptAnswer(url: URL): boolean {
  return ANSWERS.some((path) => path.test(url.pathname)) && !PAGED.some((name) => url.searchParams.has(name))
}

const SCREENS =
  /^\/($|@|(for-you|local|search|activity|messages|requests|tags|lists|saved|likes|scheduled|drafts|compose|settings|start|reports|worlds|assistant)(\/|$))/

/** A path that the app shows; feeds and frames of other sites are not. */
export function isScreen(pathname: string): boolean {
  return SCREENS.test(pathname) && !/\.atom$|\/embed$/.test(pathname)
}

export const isPicture = (pathname: string): boolean => /^\/(media|avatars|headers|emoji)\//.test(pathname)

/** The files of ours that a page names, a part of one without its name. */
export function filesOf(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="(\/app\/[^"#?]+)/g)].map((found) => found[1] as string)
}

/** Which to drop, oldest first, so that the rest fits. */
export function surplus(entries: readonly { key: string; bytes: number }[], most: number): string[] {
  let over = entries.reduce((sum, entry) => sum + entry.bytes, 0) - most
  const dropped: string[] = []
  for (const { key, bytes } of entries) {
    if (over <= 0) break
    over -= bytes
    dropped.push(key)
  }
  return dropped
}

/** What a page and its worker tell each other. */
export type ToWorker = { kind: 'activate' } | { kind: 'warm' } | { kind: 'forget'; account: string | null }
export type ToPage = { kind: 'kept'; at: number } | { kind: 'reached' } | { kind: 'open'; path: string; account: string } | { kind: 'which' }
