// How long a poll may run, in the words of a language.

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

/** The choices; a length that is none of them (a poll that already runs) stands among them. */
export function durations(language: string, chosen: number): { seconds: number; label: string }[] {
  const word = (amount: number, unit: string) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
  const all = LENGTHS.map(([amount, unit, seconds]) => ({ seconds, label: word(amount, unit) }))
  if (all.some((one) => one.seconds === chosen)) return all
  const hours = Math.round(chosen / 3600)
  const label = hours > 48 ? word(Math.round(hours / 24), 'day') : hours > 0 ? word(hours, 'hour') : word(Math.round(chosen / 60), 'minute')
  return [...all, { seconds: chosen, label }].sort((a, b) => a.seconds - b.seconds)
}
