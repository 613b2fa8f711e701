// The screens: which path shows which, and the texts each needs. The server answers its shell for the same paths
// (weft/web/shell.py); a screen that is added here is added there.

import type { Pattern } from './lib/paths'
import type { Area } from './text/areas'

export interface Screen {
  name: string
  load: () => Promise<{ default: unknown }>
  texts: readonly Area[]
  /** Only for people who are signed in; visitors are shown the welcome. */
  own?: boolean
}

const screen = (name: string, load: Screen['load'], texts: readonly Area[] = ['core'], own = false): Screen => ({ name, load, texts, own })

const home = screen('home', () => import('./screens/home/Home.svelte'))
const thread = screen('thread', () => import('./screens/thread/Thread.svelte'))
const search = screen('search', () => import('./screens/search/Search.svelte'), ['core', 'search'])
const activity = screen('activity', () => import('./screens/activity/Activity.svelte'), ['core', 'activity'], true)
const messages = screen('messages', () => import('./screens/messages/Messages.svelte'), ['core', 'messages', 'notes'], true)
const chat = screen('chat', () => import('./screens/messages/Chat.svelte'), ['core', 'messages', 'notes'], true)
const profile = screen('profile', () => import('./screens/profile/Profile.svelte'), ['core', 'profile'])
const requests = screen('requests', () => import('./screens/requests/Requests.svelte'), ['core', 'profile'], true)
const compose = screen('compose', () => import('./screens/compose/Compose.svelte'), ['core', 'composer'], true)
const drafts = screen('drafts', () => import('./screens/drafts/Drafts.svelte'), ['core', 'composer', 'saved'], true)
const reactions = screen('reactions', () => import('./screens/post/Reactions.svelte'), ['core', 'postmenu'])
const history = screen('history', () => import('./screens/post/History.svelte'), ['core', 'postmenu'])
const reports = screen('reports', () => import('./screens/moderation/Reports.svelte'), ['core', 'moderation'], true)
const settings = screen('settings', () => import('./screens/settings/Settings.svelte'), ['core', 'settings'], true)
const lists = screen('lists', () => import('./screens/lists/Lists.svelte'), ['core', 'lists'], true)
const list = screen('list', () => import('./screens/lists/List.svelte'), ['core', 'lists'], true)
const saved = screen('saved', () => import('./screens/saved/Saved.svelte'), ['core', 'saved'], true)
const scheduled = screen('scheduled', () => import('./screens/saved/Scheduled.svelte'), ['core', 'saved'], true)
const tags = screen('tags', () => import('./screens/saved/Tags.svelte'), ['core', 'saved', 'search'], true)
const tag = screen('tag', () => import('./screens/saved/Tag.svelte'), ['core', 'saved'])
const assistant = screen('assistant', () => import('./screens/assistant/Assistant.svelte'), ['core', 'assistant'], true)
const talk = screen('talk', () => import('./screens/assistant/Talk.svelte'), ['core', 'assistant'], true)
const start = screen('start', () => import('./screens/account/Start.svelte'), ['core', 'account', 'settings', 'notes'], true)

/** What visitors are shown in the place of a screen that is somebody's own. */
export const WELCOME = home

export const PATHS: readonly Pattern<Screen>[] = [
  { path: '/', screen: home },
  { path: '/for-you', screen: home },
  { path: '/local', screen: home },
  { path: '/search', screen: search },
  { path: '/activity', screen: activity },
  { path: '/activity/:tab', screen: activity },
  { path: '/messages', screen: messages },
  { path: '/messages/:id', screen: chat },
  { path: '/requests', screen: requests },
  { path: '/compose', screen: compose },
  { path: '/drafts', screen: drafts },
  { path: '/start', screen: start },
  { path: '/@handle', screen: profile },
  { path: '/@handle/replies', screen: profile },
  { path: '/@handle/media', screen: profile },
  { path: '/@handle/about', screen: profile },
  { path: '/@handle/followers', screen: profile },
  { path: '/@handle/following', screen: profile },
  { path: '/settings', screen: settings },
  { path: '/settings/:page', screen: settings },
  { path: '/settings/:page/:part', screen: settings },
  { path: '/lists', screen: lists },
  { path: '/lists/:id', screen: list },
  { path: '/saved', screen: saved },
  { path: '/likes', screen: saved },
  { path: '/scheduled', screen: scheduled },
  { path: '/tags', screen: tags },
  { path: '/tags/:tag', screen: tag },
  { path: '/reports', screen: reports },
  { path: '/assistant', screen: assistant },
  { path: '/assistant/:id', screen: talk },
  { path: '/@handle/:id/likes', screen: reactions },
  { path: '/@handle/:id/reposts', screen: reactions },
  { path: '/@handle/:id/quotes', screen: reactions },
  { path: '/@handle/:id/history', screen: history },
  { path: '/@handle/:id', screen: thread },
]
