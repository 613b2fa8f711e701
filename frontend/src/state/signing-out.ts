// Signing out, on the server and in this browser. It starts the app anew, so that nothing of one account is shown to another.

import { post } from '../lib/api'
import { forget } from '../lib/forget'
import { session } from './session.svelte'

/** Sign out on the server, then forget what this browser kept; go on with the next account, or as a visitor. */
export async function signOut(all: boolean): Promise<void> {
  const leaving = (all ? session.accounts : session.account ? [session.account] : []).map((account) => account.id)
  await leave('/api/weft/v1/session/sign_out', { all }, leaving)
}

export async function deleteAccount(password: string): Promise<void> {
  await leave('/api/weft/v1/account/delete', { password }, session.account ? [session.account.id] : [])
}

async function leave(path: string, body: unknown, accounts: readonly string[]): Promise<void> {
  // The streams end before this is answered, and what is just being read is refused: that is no news.
  session.leaving = true
  try {
    const { account_id } = await post<{ account_id: string | null }>(path, body)
    await forget(accounts, account_id === null)
  } catch (error) {
    session.leaving = false
    throw error
  }
  location.assign('/')
}
