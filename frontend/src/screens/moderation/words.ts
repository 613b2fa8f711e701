// Words of the staff's screens for what the server names by codes; a code that is not known here stands for itself.

import { t } from '../../state/language.svelte'
import type { Key } from '../../text/areas'

const worded = (area: string) => (code: string): string => {
  const key = `moderation.${area}.${code}`
  const text = t(key as Key)
  return text === key ? code : text
}

export const categoryOf = worded('category')
export const outcomeOf = worded('outcome')
export const abilityOf = worded('ability')
export const partOf = worded('part')
export const whyOf = worded('why')
