// What comes by push: shown, and opened where it leads.

import type { ToPage } from '../lib/kept'

declare const self: ServiceWorkerGlobalScope

interface Pushed {
  title?: string
  body?: string
  icon?: string
  preferred_locale?: string
  notification_type?: string
  weft?: { notification_id: string; account_id: string; path: string }
}

interface Kept {
  path: string
  account: string
}

const BADGE = '/assets/icon-192.png'
const SUBSCRIPTION = '/api/v1/push/subscription'

export async function show(data: PushMessageData | null): Promise<void> {
  const told = read(data)
  const kept: Kept = { path: told.weft?.path ?? '/activity', account: told.weft?.account_id ?? '' }
  const options: NotificationOptions = {
    body: told.body ?? '',
    tag: told.weft?.notification_id ?? 'weft',
    icon: told.icon ?? BADGE,
    badge: BADGE,
    data: kept,
    ...(told.preferred_locale && { lang: told.preferred_locale }),
  }
  await self.registration.showNotification(told.title ?? 'Weft', options)
  // A dot: how many there are is known by the app alone.
  await (self.navigator as unknown as { setAppBadge?: () => Promise<void> }).setAppBadge?.().catch(() => {})
}

function read(data: PushMessageData | null): Pushed {
  try {
    return (data?.json() as Pushed | null) ?? {}
  } catch {
    return {}
  }
}

/** The page that is open is brought to the front and goes there; without one, one is opened. */
export async function open(notification: Notification): Promise<void> {
  notification.close()
  const { path, account } = notification.data as Kept
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const page = pages.find((one) => one.focused) ?? pages[0]
  if (!page) {
    await self.clients.openWindow(path)
    return
  }
  const told: ToPage = { kind: 'open', path, account }
  page.postMessage(told)
  await page.focus().catch(() => {})
}

/** The browser's push service gave it another address: the server is told, with the same wishes as before. */
export async function renew(options: PushSubscriptionOptions | undefined): Promise<void> {
  if (!options) return
  const subscription = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: options.applicationServerKey })
  const before = await fetch(SUBSCRIPTION)
  if (!before.ok) return
  const { alerts, policy } = (await before.json()) as { alerts: Record<string, boolean>; policy: string }
  const body = JSON.stringify({ subscription: { ...subscription.toJSON(), standard: true }, data: { alerts, policy } })
  await fetch(SUBSCRIPTION, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}
