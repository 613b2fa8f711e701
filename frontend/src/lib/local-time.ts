// A time as a field for local dates and times has it, and back.

/** The server wants five minutes; one more for writing. */
const SOONEST_MS = 6 * 60_000

export const soonest = (now: number): number => now + SOONEST_MS

export function toLocal(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** Null for what is no time. */
export function fromLocal(value: string): Date | null {
  const at = new Date(value)
  return value === '' || Number.isNaN(at.getTime()) ? null : at
}
