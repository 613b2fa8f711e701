// The Link header (RFC 8288) of a list, reduced to paths of our own server.

/** From `<https://host/path?x>; rel="next"` to `{next: '/path?x'}`. */
export function parseLinks(header: string | null): Record<string, string> {
  const found: Record<string, string> = {}
  for (const part of (header ?? '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>\s*;.*\brel="?(\w+)"?/.exec(part)
    if (!match) continue
    const url = new URL(match[1] as string, 'http://own.invalid')
    found[match[2] as string] = url.pathname + url.search
  }
  return found
}
