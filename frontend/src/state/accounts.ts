// The accounts of this browser: switching, adding one, signing out. All of them start the app anew, so that nothing of one
// account is shown to another.

import { remove, post } from '../lib/api'
import type { Account } from '../lib/entities'
import { forget } from '../lib/forget'
import { nameOf } from '../lib/people'
import type { Entry } from '../lib/menu'
import { dialogs } from './dialogs.svelte'
import { t } from './language.svelte'
import { sentenceOf } from './problem'
import { session } from './session.svelte'
import { toasts } from './toasts.svelte'

const ADD = '/auth/sign_in?add=1'
const MOST = 5

const others = (): Account[] => session.accounts.filter((account) => account.id !== session.account?.id)

export async function switchTo(account: Account): Promise<void> {
  try {
    await session.switchTo(account.id)
  } catch (error) {
    toasts.problem(sentenceOf(error))
  }
}

/** What the menus of accounts offer. */
export function accountEntries(): Entry[] {
  if (!session.account) return [{ label: t('core.sign_in'), icon: 'user', href: '/auth/sign_in' }]
  const beside = others()
  return [
    ...beside.map((account) => ({ label: t('core.switch_to', { name: nameOf(account) }), icon: 'user', face: account, run: () => void switchTo(account) })),
    ...(session.isModerator ? [{ label: t('core.reports'), icon: 'shield', href: '/reports' }] : []),
    ...(session.accounts.length < MOST ? [{ label: t('core.add_account'), icon: 'user-plus', href: ADD }] : []),
    { line: true as const },
    { label: `${t('core.sign_out')} · @${session.account.username}`, icon: 'log-out', danger: true, run: () => askSignOut(false) },
  ]
}

export function askSignOut(all: boolean): void {
  void dialogs.show(() => import('../screens/account/SignOutSheet.svelte'), ['account'], { all })
}

/** Sign out on the server, then forget what this browser kept; go on with the next account, or as a visitor. */
export async function signOut(all: boolean): Promise<void> {
  const leaving = (all ? session.accounts : session.account ? [session.account] : []).map((account) => account.id)
  const { account_id } = await post<{ account_id: string | null }>('/api/weft/v1/session/sign_out', { all })
  await gone(leaving, account_id)
}

export async function deleteAccount(password: string): Promise<void> {
  const leaving = session.account ? [session.account.id] : []
  const { account_id } = await post<{ account_id: string | null }>('/api/weft/v1/account/delete', { password })
  await gone(leaving, account_id)
}

export const endOthers = (): Promise<unknown> => remove('/api/weft/v1/sessions')

async function gone(accounts: readonly string[], next: string | null): Promise<void> {
  await forget(accounts, next === null)
  location.assign('/')
}
