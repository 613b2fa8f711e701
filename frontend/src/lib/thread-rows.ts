// The replies of a conversation as rows. Replies come depth first; of each chain the first few are shown, the rest waits
// behind "show more", and a reply that the author hid is folded with what follows from it.

export interface Reply {
  id: string
  parent: string | null
  hidden: boolean
}

export type Row =
  | { kind: 'post'; key: string; id: string; above: boolean; below: boolean }
  | { kind: 'more'; key: string; count: number; hidden: boolean }

/** How many of a chain, and of the answers to one reply, are shown before "show more". */
const CHAIN = 4
const BRANCHES = 3
const FIRST = 60

/** `opened` holds the keys of the lines that were unfolded. */
export function rowsOf(root: string, replies: readonly Reply[], opened: ReadonlySet<string>): Row[] {
  const children = new Map<string, Reply[]>()
  for (const reply of replies) {
    const parent = reply.parent ?? root
    children.set(parent, [...(children.get(parent) ?? []), reply])
  }
  const rows: Row[] = []
  const size = (reply: Reply): number => 1 + (children.get(reply.id) ?? []).reduce((sum, child) => sum + size(child), 0)
  const fold = (key: string, folded: readonly Reply[], hidden: boolean) => rows.push({ kind: 'more', key, count: folded.reduce((sum, one) => sum + size(one), 0), hidden })

  function walk(reply: Reply, depth: number, above: boolean): void {
    if (reply.hidden && !opened.has(`hidden ${reply.id}`)) {
      fold(`hidden ${reply.id}`, [reply], true)
      return
    }
    const below = children.get(reply.id) ?? []
    const isCut = depth >= CHAIN && below.length > 0 && !opened.has(`chain ${reply.id}`)
    rows.push({ kind: 'post', key: reply.id, id: reply.id, above, below: below.length > 0 && !isCut })
    if (isCut) return void fold(`chain ${reply.id}`, below, false)
    spread(reply.id, below, depth + 1, BRANCHES)
  }

  function spread(parent: string, below: readonly Reply[], depth: number, limit: number): void {
    const key = `rest ${parent}`
    const some = opened.has(key) ? below : below.slice(0, limit)
    some.forEach((child, index) => walk(child, depth, parent !== root && index === 0))
    if (some.length < below.length) fold(key, below.slice(limit), false)
  }

  spread(root, children.get(root) ?? [], 0, FIRST)
  return rows
}
