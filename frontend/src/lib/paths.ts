// Which screen a path shows. A pattern's segments are words, `:name` for any one segment, or `@name` for a handle that
// begins with @. The first pattern that fits wins.

export interface Match<S> {
  screen: S
  values: Record<string, string>
}

export interface Pattern<S> {
  path: string
  screen: S
}

export function match<S>(patterns: readonly Pattern<S>[], pathname: string): Match<S> | null {
  const segments = pathname.split('/').filter(Boolean)
  for (const { path, screen } of patterns) {
    const values = fit(path.split('/').filter(Boolean), segments)
    if (values) return { screen, values }
  }
  return null
}

function fit(pattern: string[], segments: string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const values: Record<string, string> = {}
  for (const [index, wanted] of pattern.entries()) {
    const segment = segments[index] as string
    if (wanted.startsWith('@')) {
      if (!segment.startsWith('@') || segment.length < 2) return null
      values[wanted.slice(1)] = decode(segment.slice(1))
    } else if (wanted.startsWith(':')) values[wanted.slice(1)] = decode(segment)
    else if (wanted !== segment) return null
  }
  return values
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
