// The accounts of this browser: switching, adding one, the way to signing out. All of them start the app anew, so that
// nothing of one account is shown to another.

import type { Account } from '../lib/entities'
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
