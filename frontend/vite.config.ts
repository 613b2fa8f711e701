// How the app is built: hashed files under app/, a manifest for the server, no HTML (the server writes the shell).
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { icons } from './scripts/icons.mjs'

const outDir = process.env['WEFT_OUT'] ?? '../weft/web/static'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  plugins: [icons(), svelte()],
  build: {
    outDir,
    emptyOutDir: true,
    manifest: '.vite/manifest.json',
    license: { fileName: '.vite/licences.md' },
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { main: 'src/main.ts' },
      output: {
        entryFileNames: 'app/[name]-[hash].js',
        chunkFileNames: 'app/[name]-[hash].js',
        assetFileNames: 'app/[name]-[hash][extname]',
      },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
