// The service worker, after the app: one file without a hash, which knows the names of all that was built.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'

const outDir = process.env['WEFT_OUT'] ?? join(import.meta.dirname, '../weft/web/static')
const files = readdirSync(join(outDir, 'app')).sort().map((name) => `/app/${name}`)
const build = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 12)

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  define: { __FILES__: JSON.stringify(files), __BUILD__: JSON.stringify(build) },
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
