// Writes `stamp.json` beside the build: one sum over what it was made of, and one for every file that was made.
// `tests/web/test_build.py` works out the same sums, so that a build that is behind its sources is found without node.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const OUT = resolve(ROOT, process.env['WEFT_OUT'] ?? '../weft/web/static')
const SOURCES = ['src', 'scripts', 'package.json', 'package-lock.json', 'svelte.config.js', 'tsconfig.json', 'vite.config.ts', 'vite.worker.config.ts']

/** @param {string} path @returns {string[]} */
function filesOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => filesOf(join(path, entry.name)))
  } catch {
    return [path]
  }
}

/** @param {string} path */
const sum = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** @param {string} folder @param {string[]} paths */
const listed = (folder, paths) =>
  paths
    .map((path) => [relative(folder, path).replaceAll('\\', '/'), sum(path)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))

const sources = listed(ROOT, SOURCES.flatMap((name) => filesOf(join(ROOT, name))))
const files = listed(OUT, filesOf(OUT)).filter(([name]) => name !== 'stamp.json')
const together = createHash('sha256').update(sources.map((pair) => pair.join(' ')).join('\n')).digest('hex')
writeFileSync(join(OUT, 'stamp.json'), `${JSON.stringify({ sources: together, files: Object.fromEntries(files) }, null, 2)}\n`)
