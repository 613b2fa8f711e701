// Where things are in the app, from entities.

import type { Account, Status } from './entities'

type Handled = Pick<Account, 'acct'>

export const pathOf = (account: Handled): string => `/@${account.acct}`

export const postPath = (status: Pick<Status, 'id'> & { account: Handled }): string => `/@${status.account.acct}/${status.id}`

export const tagPath = (name: string): string => `/tags/${encodeURIComponent(name)}`
