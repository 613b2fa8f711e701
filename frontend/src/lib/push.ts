// Pushes to this browser: whether they can come, whether they do, and for what. The subscription on the server hangs on
// the browser's session and ends with it.

import { ApiError, get, post, put, remove } from './api'
import { hasWorker } from './offline'

export const KINDS = ['mention', 'quote', 'favourite', 'reblog', 'follow', 'follow_request', 'status', 'poll', 'update'] as const
export const STAFF_KINDS = ['admin.sign_up', 'admin.report'] as const
export type Kind = (typeof KINDS)[number] | (typeof STAFF_KINDS)[number]
export const POLICIES = ['all', 'followed', 'follower'] as const
export type Policy = (typeof POLICIES)[number] | 'none'
export type Alerts = Partial<Record<Kind, boolean>>

const ADDRESS = '/api/v1/push/subscription'
const FIRST_ON: readonly Kind[] = ['mention', 'quote', 'favourite', 'reblog', 'follow', 'follow_request', 'status', 'poll', 'admin.report']

export interface Wishes {
  alerts: Alerts
  policy: Policy
}
export const FIRST: Wishes = { alerts: Object.fromEntries(FIRST_ON.map((kind) => [kind, true])), policy: 'all' }

interface Subscription extends Wishes {
  id: string
  endpoint: string
}

/** Why pushes cannot come; null where they can. */
export type Hindrance = 'insecure' | 'home_screen' | 'unknown' | 'denied'

export function hindrance(): Hindrance | null {
  if (!isSecureContext) return 'insecure'
  if (hasWorker() && 'PushManager' in globalThis && 'Notification' in globalThis) return Notification.permission === 'denied' ? 'denied' : null
  return isApplePhone() ? 'home_screen' : 'unknown'
}

/** Its browsers push only to apps on the home screen, and offer no button to put one there. */
export const isApplePhone = (): boolean => /iPhone|iPad|iPod/.test(navigator.userAgent) && !matchMedia('(display-mode: standalone)').matches

/** What this browser is pushed for; null where it is not. */
export async function current(): Promise<Wishes | null> {
  const here = await subscriptionHere()
  if (!here) return null
  try {
    const there = await get<Subscription>(ADDRESS)
    return there.endpoint === here.endpoint ? { alerts: there.alerts, policy: there.policy } : null
  } catch (error) {
    if (error instanceof ApiError && error.problem === 'absent') return null
    throw error
  }
}

/** Ask for permission, then for pushes. False where the person said no. */
export async function turnOn(serverKey: string, wishes: Wishes): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  const { pushManager } = await navigator.serviceWorker.ready
  const key = bytesOf(serverKey)
  const before = await pushManager.getSubscription()
  const isOurs = before && same(before.options.applicationServerKey, key)
  if (before && !isOurs) await before.unsubscribe()
  const subscription = isOurs ? before : await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  const { endpoint, keys } = subscription.toJSON()
  await post(ADDRESS, { subscription: { endpoint, keys, standard: true }, data: wishes })
  return true
}

export const change = (wishes: Wishes): Promise<unknown> => put(ADDRESS, { data: wishes })

/** No more pushes for this account. The browser's own subscription goes where no other account here may need it. */
export async function turnOff(isAlone: boolean): Promise<void> {
  await remove(ADDRESS)
  if (isAlone) await (await subscriptionHere())?.unsubscribe()
}

async function subscriptionHere(): Promise<PushSubscription | null> {
  const registration = hasWorker() ? await navigator.serviceWorker.getRegistration() : undefined
  return (await registration?.pushManager?.getSubscription()) ?? null
}

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const plain = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (character) => character.charCodeAt(0))
}

function same(key: ArrayBuffer | null, other: Uint8Array): boolean {
  return key !== null && key.byteLength === other.length && new Uint8Array(key).every((byte, index) => byte === other[index])
}
