// Where a character of a field stands on the screen, and where the field ends. A copy of the field is laid out once, when a list opens.

const COPIED = ['font', 'letterSpacing', 'lineHeight', 'padding', 'border', 'boxSizing', 'direction', 'tabSize', 'wordBreak', 'overflowWrap'] as const

export function caretBox(field: HTMLTextAreaElement, at: number): { x: number; y: number; height: number; end: number } {
  const styles = getComputedStyle(field)
  const copy = document.createElement('div')
  for (const name of COPIED) copy.style[name] = styles[name]
  Object.assign(copy.style, { position: 'fixed', insetInlineStart: '0', top: '0', visibility: 'hidden', whiteSpace: 'pre-wrap', width: `${field.clientWidth}px` })
  copy.textContent = field.value.slice(0, at)
  const mark = document.createElement('span')
  mark.textContent = field.value.slice(at, at + 1) || '.'
  copy.append(mark)
  document.body.append(copy)
  const box = field.getBoundingClientRect()
  const [from, to] = [copy.getBoundingClientRect(), mark.getBoundingClientRect()]
  copy.remove()
  return { x: box.left + to.left - from.left, y: box.top + to.top - from.top - field.scrollTop, height: to.height, end: box.right }
}
