// The service worker.
declare const __FILES__: readonly string[]
declare const __BUILD__: string

self.addEventListener('install', () => console.debug(__BUILD__, __FILES__.length))
