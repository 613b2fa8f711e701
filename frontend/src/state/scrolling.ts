// On phones the top bar leaves while one scrolls down and comes back on the way up. Only a mark on the root changes; the
// rest is style.

const LEAST = 12

export function watchScrolling(): () => void {
  let last = scrollY
  const look = () => {
    const by = scrollY - last
    if (Math.abs(by) < LEAST) return
    last = scrollY
    document.documentElement.toggleAttribute('data-down', by > 0 && scrollY > 120)
  }
  addEventListener('scroll', look, { passive: true })
  return () => removeEventListener('scroll', look)
}
