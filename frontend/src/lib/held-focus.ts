// A button that waits for its answer is disabled, and what is disabled loses the focus.

/** Remembers what has the focus; the answer gives it back there, unless it rests somewhere by then. */
export function holdFocus(): () => void {
  const before = document.activeElement
  return () =>
    void requestAnimationFrame(() => {
      if (document.activeElement === document.body && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    })
}
