// How this browser shows the app. Theme, text size and language lie in cookies, which the server reads for its first
// answer; the rest lies here, for only the app knows it.

export const THEMES = ['system', 'light', 'dark'] as const
export const SIZES = ['100', '115', '130', '150', '200'] as const
export type Theme = (typeof THEMES)[number]
export type Size = (typeof SIZES)[number]
export type MediaWish = 'default' | 'show_all' | 'hide_all'
export type Replies = 'everyone' | 'following' | 'mentioned'

export interface Wishes {
  /** No animation, whatever the device says. */
  still: boolean
  /** Play GIFs by themselves. */
  gifs: boolean
  media: MediaWish
  /** Open content warnings at once. */
  warnings: boolean
  /** Who may reply to new posts. */
  replies: Replies
}

export const WISHES: Wishes = { still: false, gifs: true, media: 'default', warnings: false, replies: 'everyone' }

const YEAR_S = 31_536_000

export const cookieOf = (name: string, value: string, secure: boolean): string =>
  `${name}=${encodeURIComponent(value)}; path=/; max-age=${YEAR_S}; samesite=lax${secure ? '; secure' : ''}`

/** What was kept, with everything that cannot be read as it is by default. */
export function readWishes(text: string | null): Wishes {
  let kept: unknown = null
  try {
    kept = JSON.parse(text ?? 'null')
  } catch {
    return WISHES
  }
  if (typeof kept !== 'object' || kept === null) return WISHES
  const given = kept as Record<string, unknown>
  const flag = (name: 'still' | 'gifs' | 'warnings') => (typeof given[name] === 'boolean' ? given[name] : WISHES[name])
  return {
    still: flag('still'),
    gifs: flag('gifs'),
    warnings: flag('warnings'),
    media: oneOf(['default', 'show_all', 'hide_all'] as const, given['media']) ?? WISHES.media,
    replies: oneOf(['everyone', 'following', 'mentioned'] as const, given['replies']) ?? WISHES.replies,
  }
}

export function oneOf<T>(choices: readonly T[], value: unknown): T | undefined {
  return choices.find((one) => one === value)
}
