// Languages by the names that the screen's language has for them.

/** Code and name of each, by name; a code that has none stands for itself. */
export function languageNames(codes: readonly string[], screen: string): (readonly [code: string, name: string])[] {
  const names = new Intl.DisplayNames([screen], { type: 'language', fallback: 'code' })
  const named = codes.map((code) => [code, capital(nameOf(names, code), screen)] as const)
  return named.sort((one, other) => one[1].localeCompare(other[1], screen))
}

function nameOf(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code
  } catch {
    return code
  }
}

const capital = (text: string, screen: string): string => text.charAt(0).toLocaleUpperCase(screen) + text.slice(1)
