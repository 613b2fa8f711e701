// The community's emojis in text: `:shortcode:` becomes a picture where the answer names one.

import type { Emoji } from './entities'

const CODE = /:([\p{L}\p{N}_]{1,64}):/gu

/** The text in pieces: strings, and the emojis between them. */
export function splitEmojis(text: string, emojis: readonly Emoji[]): (string | Emoji)[] {
  if (!emojis.length || !text.includes(':')) return [text]
  const known = new Map(emojis.map((emoji) => [emoji.shortcode, emoji]))
  const parts: (string | Emoji)[] = []
  let end = 0
  for (const found of text.matchAll(CODE)) {
    const emoji = known.get(found[1] as string)
    if (!emoji) continue
    if (found.index > end) parts.push(text.slice(end, found.index))
    parts.push(emoji)
    end = found.index + found[0].length
  }
  if (end < text.length || parts.length === 0) parts.push(text.slice(end))
  return parts
}

/** Draw the emojis in elements that are on the page already. */
export function drawEmojis(root: Element, emojis: readonly Emoji[]): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const found: Text[] = []
  while (walker.nextNode()) if (walker.currentNode.nodeValue?.includes(':')) found.push(walker.currentNode as Text)
  for (const node of found) {
    const parts = splitEmojis(node.data, emojis)
    if (parts.length > 1 || typeof parts[0] !== 'string') node.replaceWith(...parts.map((part) => (typeof part === 'string' ? part : image(part))))
  }
}

function image(emoji: Emoji): HTMLImageElement {
  const img = document.createElement('img')
  img.className = 'emoji'
  img.src = emoji.static_url
  img.alt = img.title = `:${emoji.shortcode}:`
  return img
}
