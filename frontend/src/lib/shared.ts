// What another app shares to this one: a title, a text and an address, any of which may be missing or say the same.

export function sharedText(query: URLSearchParams): string {
  const [title, text, url] = ['title', 'text', 'url'].map((name) => (query.get(name) ?? '').trim()) as [string, string, string]
  const parts = [title, text, url].filter((part, index, all) => part !== '' && !all.some((other, at) => at !== index && other.includes(part) && (other !== part || at < index)))
  return parts.join('\n\n')
}
