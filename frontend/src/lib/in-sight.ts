// In a row that scrolls sideways: the link that is open is brought into sight, now and whenever it changes.

export function inSight(row: HTMLElement, _: string) {
  const show = () => {
    const at = row.querySelector<HTMLElement>('[aria-current]')
    if (at) row.scrollLeft += at.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - at.offsetWidth) / 2
  }
  show()
  return { update: () => requestAnimationFrame(show) }
}
