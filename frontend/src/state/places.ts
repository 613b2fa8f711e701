// The places of the navigation. Worlds and the assistant have theirs, shown once the server announces them.

import type { Key } from '../text/areas'
import { session } from './session.svelte'

export interface Place {
  path: string
  label: Key
  icon: string
  unread?: 'notifications' | 'messages'
  feature?: string
}

const HOME: Place = { path: '/', label: 'core.home', icon: 'house' }
const SEARCH: Place = { path: '/search', label: 'core.search', icon: 'search' }
const ACTIVITY: Place = { path: '/activity', label: 'core.activity', icon: 'bell', unread: 'notifications' }
const MESSAGES: Place = { path: '/messages', label: 'core.messages', icon: 'mail', unread: 'messages' }
const WORLDS: Place = { path: '/worlds', label: 'core.worlds', icon: 'orbit', feature: 'worlds' }
const ASSISTANT: Place = { path: '/assistant', label: 'core.assistant', icon: 'sparkles', feature: 'assistant' }
const LISTS: Place = { path: '/lists', label: 'core.lists', icon: 'list' }
const SAVED: Place = { path: '/saved', label: 'core.saved_posts', icon: 'bookmark' }
const SETTINGS: Place = { path: '/settings', label: 'core.settings', icon: 'settings' }
const LOCAL: Place = { path: '/local', label: 'core.local', icon: 'globe' }

const offered = (place: Place) => !place.feature || session.offers(place.feature)

/** The rail, top to bottom. */
export const railPlaces = (): Place[] =>
  session.account ? [HOME, SEARCH, ACTIVITY, MESSAGES, WORLDS, ASSISTANT, LISTS, SAVED, profilePlace()].filter(offered) : [{ ...HOME, label: 'core.welcome' }, LOCAL, SEARCH]

/** Behind the mark, on phones. */
export const menuPlaces = (): Place[] => [WORLDS, ASSISTANT, LOCAL, LISTS, SAVED, SETTINGS].filter(offered)

/** The bar on phones, around the button to compose. */
export const barPlaces = (): [before: Place[], after: Place[]] =>
  session.account ? [[HOME, SEARCH], [ACTIVITY, profilePlace()]] : [[{ ...HOME, label: 'core.welcome' }, LOCAL], [SEARCH]]

export const settingsPlace = SETTINGS

function profilePlace(): Place {
  return { path: `/@${session.account?.username ?? ''}`, label: 'core.profile', icon: 'user' }
}

/** Whether a place is where one is. */
export const isAt = (place: Place, path: string): boolean =>
  place.path === '/' ? path === '/' || path === '/for-you' : path === place.path || path.startsWith(`${place.path}/`)
