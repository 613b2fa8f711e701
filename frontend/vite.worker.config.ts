// The service worker, after the app: one file without a hash, which knows the names of all that was built.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'

type Chunk = { file: string; css?: string[]; imports?: string[]; assets?: string[] }

const outDir = process.env['WEFT_OUT'] ?? join(import.meta.dirname, '../weft/web/static')
const files = readdirSync(join(outDir, 'app')).sort().map((name) => `/app/${name}`)
const build = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 12)
const manifest = JSON.parse(readFileSync(join(outDir, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>

/** What the app needs to start and to show what was kept: with these a version may take over. */
const START = ['src/main.ts', 'src/screens/home/Home.svelte', 'src/screens/thread/Thread.svelte', 'src/text/en/core.json', 'src/text/vi/core.json', 'src/text/ko/core.json']
const core = new Set<string>()
const seen = new Set<string>()
function need(key: string): void {
  const chunk = manifest[key]
  if (!chunk || seen.has(key)) return
  seen.add(key)
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) core.add(`/${file}`)
  chunk.imports?.forEach(need)
}
START.forEach(need)

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  define: { __FILES__: JSON.stringify(files), __CORE__: JSON.stringify([...core].sort()), __BUILD__: JSON.stringify(build) },
  build: {
    outDir,
    emptyOutDir: false,
    target: 'es2022',
    reportCompressedSize: false,
    rollupOptions: {
      input: { sw: 'src/worker/sw.ts' },
      output: { format: 'iife', entryFileNames: 'sw.js' },
    },
  },
})
