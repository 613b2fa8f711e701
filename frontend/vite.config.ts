// How the app is built: hashed files under app/, a manifest for the server, no HTML (the server writes the shell).
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { ahead } from './scripts/ahead.mjs'
import { icons } from './scripts/icons.mjs'

const outDir = process.env['WEFT_OUT'] ?? '../weft/web/static'
const { plugin, missing } = ahead()

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  plugins: [icons(), svelte(), plugin],
  build: {
    outDir,
    emptyOutDir: true,
    manifest: '.vite/manifest.json',
    license: { fileName: '.vite/licences.md' },
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false, resolveDependencies: missing },
    reportCompressedSize: false,
    rollupOptions: {
      input: { main: 'src/main.ts' },
      output: {
        entryFileNames: 'app/[name]-[hash].js',
        chunkFileNames: 'app/[name]-[hash].js',
        assetFileNames: 'app/[name]-[hash][extname]',
        codeSplitting: {
          groups: [
            // It changes seldom: browsers keep it from version to version.
            { name: 'svelte', test: /node_modules[\\/]svelte[\\/]/, tags: ['$initial'], priority: 2 },
            // What every page loads at once is packed as one: many small files pack badly, and each is named by all the rest.
            { name: 'frame', test: (id: string) => !id.endsWith('/src/main.ts'), tags: ['$initial'], priority: 1 },
          ],
        },
      },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
