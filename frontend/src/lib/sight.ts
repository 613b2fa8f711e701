// Calls when an element comes near the window: for lists that read on by themselves.

const MARGIN = '800px'

export function nearing(node: HTMLElement, run: () => void) {
  let call = run
  const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && call(), { rootMargin: MARGIN })
  watcher.observe(node)
  return { update: (next: () => void) => (call = next), destroy: () => watcher.disconnect() }
}
