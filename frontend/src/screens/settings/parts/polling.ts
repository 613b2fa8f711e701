// Looks again every few seconds while something is under way, but not while nobody looks at the page.

const EVERY_MS = 2500

export function whileTrue(look: () => Promise<void>): () => void {
  const timer = setInterval(() => document.visibilityState === 'visible' && void look(), EVERY_MS)
  return () => clearInterval(timer)
}
