// Tells the test of refused content, and of what moves on the page by itself.
(() => {
  if (window.__weftWatched) return
  window.__weftWatched = true
  document.addEventListener('securitypolicyviolation', (e) => {
    weftTold('csp', `${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`, 0)
  })
  const where = () => location.pathname
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      if (shift.hadRecentInput) continue
      const who = shift.sources.map((s) => {
        const n = s.node && (s.node.nodeType === 1 ? s.node : s.node.parentElement)
        if (!n) return '?'
        const path = [n, n.parentElement, n.parentElement && n.parentElement.parentElement].filter(Boolean)
        const named = path.map((p) => p.tagName.toLowerCase() + '.' + String(p.className && p.className.baseVal === undefined ? p.className : '').split(' ')[0])
        return `${named.join('<')} ${Math.round(s.previousRect.y)}+${Math.round(s.previousRect.height)}>${Math.round(s.currentRect.y)}+${Math.round(s.currentRect.height)}`
      })
      weftTold('shift', where() + ' | ' + who.join('; '), shift.value)
    }
  }).observe({ type: 'layout-shift', buffered: true })
})()
