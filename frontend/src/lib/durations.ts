// How long something takes, in the words of a language: a poll, a wait.

const LENGTHS: [amount: number, unit: 'minute' | 'hour' | 'day', seconds: number][] = [
  [5, 'minute', 300],
  [30, 'minute', 1800],
  [1, 'hour', 3600],
  [6, 'hour', 21_600],
  [12, 'hour', 43_200],
  [1, 'day', 86_400],
  [3, 'day', 259_200],
  [7, 'day', 604_800],
  [30, 'day', 2_592_000],
]

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** So many seconds in the largest unit that is not too coarse for them, rounded up: who comes then does not come too early. */
export function waitOf(seconds: number, language: string): string {
  const [value, unit] =
    seconds < 2 * MINUTE ? [seconds, 'second'] : seconds < 2 * HOUR ? [seconds / MINUTE, 'minute'] : seconds < 2 * DAY ? [seconds / HOUR, 'hour'] : [seconds / DAY, 'day']
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(Math.ceil(value as number))
}

/** The choices; a length that is none of them (a poll that already runs) stands among them. */
export function durations(language: string, chosen: number): { seconds: number; label: string }[] {
  const word = (amount: number, unit: string) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
  const all = LENGTHS.map(([amount, unit, seconds]) => ({ seconds, label: word(amount, unit) }))
  if (all.some((one) => one.seconds === chosen)) return all
  const hours = Math.round(chosen / 3600)
  const label = hours > 48 ? word(Math.round(hours / 24), 'day') : hours > 0 ? word(hours, 'hour') : word(Math.round(chosen / 60), 'minute')
  return [...all, { seconds: chosen, label }].sort((a, b) => a.seconds - b.seconds)
}
