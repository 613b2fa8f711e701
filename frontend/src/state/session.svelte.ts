// Who is signed in, and which community this is: one answer, asked for once at the start.

import { ApiError, get, post, speakFor, whenLost } from '../lib/api'
import type { Account, Community, OwnAccount, SessionAnswer } from '../lib/entities'

const NOBODY: SessionAnswer = {
  account: null,
  accounts: [],
  role: null,
  login: null,
  preferences: { visibility: 'public', sensitive: false, language: null, expand_media: 'default', expand_warnings: false },
  unread: { notifications: 0, messages: 0 },
  instance: {
    title: '',
    domain: '',
    url: '',
    description: '',
    signup: 'closed',
    oidc: null,
    max_characters: 500,
    max_media: 4,
    languages: [],
    vapid_key: '',
    features: [],
    rules: [],
  },
}

const KEPT = 'weft.session'
/** Set by the page that noticed it, for the one that says it. */
export const ENDED = 'weft.ended'

class Session {
  #answer = $state.raw<SessionAnswer>(NOBODY)
  /** The account changed in another tab: nothing more is sent from this one. */
  changed = $state(false)
  /** This browser was signed in and is no more, without having been signed out here. */
  ended = false
  /** It is being signed out, or looked at whether it is: refusals say nothing new, and nothing is sent. */
  leaving = false
  #asked: Promise<void> | null = null

  get account(): OwnAccount | null {
    return this.#answer.account
  }
  get accounts(): Account[] {
    return this.#answer.accounts
  }
  get role(): SessionAnswer['role'] {
    return this.#answer.role
  }
  get login(): SessionAnswer['login'] {
    return this.#answer.login ?? null
  }
  get preferences(): SessionAnswer['preferences'] {
    return this.#answer.preferences
  }
  get community(): Community {
    return this.#answer.instance
  }
  get unread(): SessionAnswer['unread'] {
    return this.#answer.unread
  }
  get isModerator(): boolean {
    return this.role !== null && this.role !== 'member'
  }

  offers(feature: string): boolean {
    return this.community.features.includes(feature)
  }

  /** Ask the server; offline, what was known last is used. */
  async start(): Promise<void> {
    whenLost((how) => (how === 'ended' ? this.end(true) : (this.changed = true)))
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as SessionAnswer | null
    try {
      const answer = await get<SessionAnswer>('/api/weft/v1/session')
      this.ended = !answer.account && !!(kept?.account ?? sessionStorage.getItem(ENDED))
      this.take(answer)
    } catch (error) {
      // Signed in, and not yet let in: the server's own page says what is missing.
      if (error instanceof ApiError && error.code.startsWith('login.')) return location.assign('/auth/access')
      if (kept) this.take(kept)
    }
  }

  /** It may have ended: the server is asked once whether that is so. `isTold`: a request was refused for it. */
  end(isTold: boolean): void {
    if (this.leaving || this.changed) return
    this.leaving = isTold
    this.#asked ??= import('./ending')
      .then(({ isOver }) => isOver())
      .catch(() => false)
      .then((isOver) => {
        this.leaving = isOver
        if (!isOver) this.#asked = null
      })
  }

  take(answer: SessionAnswer): void {
    this.#answer = answer
    speakFor(answer.account?.id ?? '')
    localStorage.setItem(KEPT, JSON.stringify(answer))
  }

  /** The own account as an edit answered it. */
  update(account: OwnAccount): void {
    this.take({ ...this.#answer, account })
  }

  prefer(preferences: Partial<SessionAnswer['preferences']>): void {
    this.take({ ...this.#answer, preferences: { ...this.#answer.preferences, ...preferences } })
  }

  async switchTo(id: string): Promise<void> {
    await post('/api/weft/v1/session/switch', { account_id: id })
    location.assign('/')
  }
}

export const session = new Session()
