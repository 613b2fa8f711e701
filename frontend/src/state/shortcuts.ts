// The keys of the app. They are silent while somebody types, composes with an input method, or has a dialog open.

import { likes, replies, reposts, saves } from './acts'
import { openComposer } from './composer.svelte'
import { dialogs } from './dialogs.svelte'
import { posts, type Cell } from './posts.svelte'
import { router } from './router.svelte'
import { session } from './session.svelte'

const TYPING = 'input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]'
const SEQUENCE_MS = 1200

const ON_POST: Record<string, (cell: Cell) => void> = {
  r: replies.open,
  l: likes.toggle,
  b: (cell) => void saves.toggle(cell),
  q: reposts.quote,
  t: reposts.toggle,
}

const GO: Record<string, () => string> = {
  h: () => '/',
  n: () => '/activity',
  m: () => '/messages',
  s: () => '/saved',
  p: () => `/@${session.account?.username ?? ''}`,
}

export function listenToKeys(): () => void {
  let pressedG = 0
  const press = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if ((event.target as Element).closest?.(TYPING) || document.querySelector('dialog[open], :popover-open')) return
    const isSecond = Date.now() - pressedG < SEQUENCE_MS
    pressedG = 0
    if (isSecond && GO[event.key]) void router.go((GO[event.key] as () => string)())
    else if (event.key === 'g') pressedG = Date.now()
    else if (!alone(event)) return
    event.preventDefault()
  }
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}

function alone(event: KeyboardEvent): boolean {
  const { key } = event
  const onPost = ON_POST[key]
  if (onPost) return withPost(onPost)
  if (key === 'j') return step(1)
  if (key === 'k') return step(-1)
  if (key === 'n' && session.account) void openComposer({})
  else if (key === '/') void router.go('/search').then(() => document.querySelector<HTMLElement>('#main input[type=search]')?.focus())
  else if (key === '.') dispatchEvent(new CustomEvent('weft:again'))
  else if (key === '?') void dialogs.show(() => import('../pieces/Shortcuts.svelte'), ['core'])
  else if (key === 'Enter' && document.activeElement?.matches('[data-post]')) document.activeElement.querySelector<HTMLElement>('.when')?.click()
  else return false
  return true
}

function withPost(act: (cell: Cell) => void): boolean {
  const id = document.activeElement?.closest<HTMLElement>('[data-post]')?.dataset['post']
  const cell = id === undefined ? undefined : posts.find(id)
  if (cell) act(cell)
  return cell !== undefined
}

/** To the next or the last post on the page; from nowhere, to the first that is in sight. */
function step(by: 1 | -1): boolean {
  const all = [...document.querySelectorAll<HTMLElement>('#main [data-post]')]
  const at = all.findIndex((one) => one.contains(document.activeElement))
  const next = at < 0 ? all.find((one) => one.getBoundingClientRect().bottom > 80) : all[at + by]
  if (!next) return false
  next.focus({ preventScroll: true })
  const { top, bottom } = next.getBoundingClientRect()
  if (top < 64 || bottom > innerHeight - 64) scrollBy(0, top - 76)
  return true
}
