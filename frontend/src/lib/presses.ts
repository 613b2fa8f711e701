// Whether a press on a large area was meant for the area: not for something inside it, and not to choose text.

const OTHERS = 'a, button, input, textarea, select, label, summary, video, audio, dialog, [role=menu], [role=dialog]'

export function isPlainPress(event: MouseEvent): boolean {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false
  if ((event.target as Element).closest(OTHERS)) return false
  return (getSelection()?.toString() ?? '') === ''
}
