// What is fetched ahead with a part that is loaded later. Whoever asks for the part runs by then, and so does the first
// script: what they stand on is there already, and is not named again in each list.

/** @returns {{ plugin: import('vite').Plugin, missing: (file: string, files: string[], context: { hostId: string }) => string[] }} */
export function ahead() {
  /** @type {Map<string, Set<string>>} */
  const standing = new Map()
  /** @type {string[]} */
  const entries = []
  return {
    plugin: {
      name: 'weft-ahead',
      generateBundle: {
        order: 'pre',
        handler(_, bundle) {
          for (const [name, chunk] of Object.entries(bundle)) {
            if (chunk.type !== 'chunk') continue
            if (chunk.isEntry) entries.push(name)
            const found = new Set([name])
            // A set that grows while it is walked: each name is looked at once.
            for (const one of found) {
              const file = bundle[one]
              if (file?.type === 'chunk') file.imports.forEach((imported) => found.add(imported))
            }
            standing.set(name, found)
          }
        },
      },
    },
    missing(_file, files, { hostId }) {
      const there = [hostId, ...entries].map((name) => standing.get(name))
      return files.filter((file) => !there.some((names) => names?.has(file)))
    },
  }
}
