// Opens the sheet by which the staff is told of an account, and of a post of its.

import type { Account, Status } from '../lib/entities'
import { dialogs } from './dialogs.svelte'

export interface Reported {
  account: Account
  post?: Status
}

export const openReport = (about: Reported): Promise<void> => dialogs.show(() => import('../screens/moderation/ReportSheet.svelte'), ['moderation'], { about })
