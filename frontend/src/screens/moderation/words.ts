// Words of the staff's screens for what the server names by codes; a code that is not known here stands for itself.

import { t } from '../../state/language.svelte'
import type { Key } from '../../text/areas'

const worded = (key: string, code: string): string => {
  const text = t(key as Key)
  return text === key ? code : text
}

export const categoryOf = (category: string): string => worded(`moderation.category.${category}`, category)
export const abilityOf = (name: string): string => worded(`moderation.ability.${name}`, name)
export const partOf = (name: string): string => worded(`moderation.part.${name}`, name)
