// Which text areas there are. English is the type: a key that exists there exists in every language, which
// `tests/web/test_texts.py` checks. An area is a JSON file per language, loaded with the screens that need it.
import type activity from './en/activity.json'
import type core from './en/core.json'
import type messages from './en/messages.json'
import type notes from './en/notes.json'
import type search from './en/search.json'

export interface Areas {
  activity: typeof activity
  core: typeof core
  messages: typeof messages
  notes: typeof notes
  search: typeof search
}

export type Area = keyof Areas
export type Key = { [A in Area]: keyof Areas[A] & string }[Area]

export const LANGUAGES = ['en', 'vi', 'ko'] as const
export type Language = (typeof LANGUAGES)[number]
