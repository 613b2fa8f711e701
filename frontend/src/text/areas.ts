// Which text areas there are. English is the type: a key that exists there exists in every language, which
// `tests/web/test_texts.py` checks. An area is a JSON file per language, loaded with the screens that need it.
import type account from './en/account.json'
import type activity from './en/activity.json'
import type assistant from './en/assistant.json'
import type composer from './en/composer.json'
import type core from './en/core.json'
import type lists from './en/lists.json'
import type messages from './en/messages.json'
import type moderation from './en/moderation.json'
import type notes from './en/notes.json'
import type postmenu from './en/postmenu.json'
import type profile from './en/profile.json'
import type saved from './en/saved.json'
import type push from './en/push.json'
import type search from './en/search.json'
import type settings from './en/settings.json'

export interface Areas {
  account: typeof account
  activity: typeof activity
  assistant: typeof assistant
  composer: typeof composer
  core: typeof core
  lists: typeof lists
  messages: typeof messages
  moderation: typeof moderation
  notes: typeof notes
  postmenu: typeof postmenu
  profile: typeof profile
  saved: typeof saved
  push: typeof push
  search: typeof search
  settings: typeof settings
}

export type Area = keyof Areas
export type Key = { [A in Area]: keyof Areas[A] & string }[Area]

export const LANGUAGES = ['en', 'vi', 'ko'] as const
export type Language = (typeof LANGUAGES)[number]
