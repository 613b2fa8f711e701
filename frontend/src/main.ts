// The start: the session, the texts and the first screen are fetched side by side; then the app takes the shell's place.

import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { clock } from './state/clock.svelte'
import { device, tryOnceMore } from './state/device.svelte'
import { languageOfPage, texts } from './state/language.svelte'
import { live } from './state/live.svelte'
import { look } from './state/look.svelte'
import { router } from './state/router.svelte'
import { session } from './state/session.svelte'
import { unread } from './state/unread.svelte'

async function start(): Promise<void> {
  await Promise.all([texts.use(languageOfPage()).then(() => texts.need('core')), session.start()])
  look.start()
  unread.notifications = session.unread.notifications
  unread.messages = session.unread.messages
  await router.start()
  const target = document.getElementById('app') as HTMLElement
  target.replaceChildren()
  mount(App, { target })
  clock.start()
  device.start()
  live.start(session.account !== null)
}

start().catch(tryOnceMore)
