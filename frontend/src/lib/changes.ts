// What changed between two versions of a text, word by word: the longest common run of words stays, the rest came or went.

export interface Change {
  kind: 'same' | 'added' | 'removed'
  text: string
}

/** Beyond this many steps the texts are told apart as wholes: nobody reads such a comparison word by word. */
const MOST_STEPS = 1_000_000

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_@#'’]+|[^\s\p{L}\p{N}_]/gu) ?? []

export function changesOf(before: string, after: string): Change[] {
  const [old, now] = [words(before), words(after)]
  if (old.length * now.length > MOST_STEPS) return gathered([...old.map(gone), ...now.map(come)])
  const table = lengths(old, now)
  const changes: Change[] = []
  let [i, j] = [0, 0]
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      changes.push({ kind: 'same', text: now[j]! })
      i++
      j++
    } else if (at(table, i + 1, j) >= at(table, i, j + 1)) changes.push(gone(old[i++]!))
    else changes.push(come(now[j++]!))
  }
  return gathered([...changes, ...old.slice(i).map(gone), ...now.slice(j).map(come)])
}

const gone = (text: string): Change => ({ kind: 'removed', text })
const come = (text: string): Change => ({ kind: 'added', text })
const at = (table: readonly Uint16Array[], i: number, j: number): number => table[i]?.[j] ?? 0

/** How many words the ends of both texts from each place on have in common. */
function lengths(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      table[i]![j] = old[i] === now[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1))
    }
  }
  return table
}

/** Neighbours of one kind become one; what went stands before what came in its place. */
function gathered(changes: readonly Change[]): Change[] {
  const out: Change[] = []
  for (const change of changes) {
    const last = out.at(-1)
    if (last?.kind === change.kind) last.text += change.text
    else out.push({ ...change })
  }
  return out
}

/** The words of a post's HTML, with its line breaks. */
export function textOf(html: string): string {
  const broken = html.replace(/<br ?\/?>/g, '\n').replace(/<\/p>\s*<p[^>]*>/g, '\n\n')
  return new DOMParser().parseFromString(broken, 'text/html').body.textContent?.trim() ?? ''
}
