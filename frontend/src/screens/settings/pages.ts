// The pages of the settings, as rows and as places. A page whose file is not there has no row, so that parts of the app
// can come one after the other.

import type { Area, Key } from '../../text/areas'

export interface SettingsPage {
  name: string
  file: string
  icon: string
  title: Key
  hint: Key
  texts: readonly Area[]
  /** Leads elsewhere instead of being a page here. */
  href?: string
}

const files = import.meta.glob<{ default: unknown }>('./*.svelte')

const page = (name: string, file: string, icon: string, texts: readonly Area[] = []): SettingsPage => ({
  name,
  file: `./${file}.svelte`,
  icon,
  title: `settings.${name}` as Key,
  hint: `settings.${name}.hint` as Key,
  texts,
})

export const GROUPS: readonly { title: Key; pages: readonly SettingsPage[] }[] = [
  {
    title: 'settings.you',
    pages: [page('profile', 'Profile', 'user'), page('account', 'Account', 'lock', ['account']), page('sessions', 'Sessions', 'monitor', ['account']), page('invites', 'Invites', 'user-plus', ['account'])],
  },
  {
    title: 'settings.app',
    pages: [page('appearance', 'Appearance', 'palette'), page('notifications', 'Notifications', 'bell', ['push']), page('connection', 'NoHttps', 'key-round', ['account'])],
  },
  {
    title: 'settings.people',
    pages: [
      page('privacy', 'Privacy', 'shield', ['assistant']),
      page('filters', 'Filters', 'eye-off'),
      page('blocks', 'Blocks', 'ban'),
      { ...page('tags', 'Blocks', 'hash'), href: '/tags' },
    ],
  },
  { title: 'settings.more', pages: [page('portability', 'Portability', 'download'), page('about', 'About', 'info', ['assistant'])] },
]

export const isThere = (one: SettingsPage): boolean => one.href !== undefined || one.file in files

export const pageOf = (name: string): SettingsPage | undefined => GROUPS.flatMap((group) => group.pages).find((one) => one.name === name && isThere(one))

export const load = (one: SettingsPage): Promise<{ default: unknown }> => {
  const found = files[one.file]
  if (!found) throw new Error(`no page ${one.file}`)
  return found()
}
