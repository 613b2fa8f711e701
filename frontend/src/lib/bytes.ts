// Sizes of files as people read them.

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

export function bytes(count: number, language: string): string {
  let value = Math.max(0, count)
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return new Intl.NumberFormat(language, { style: 'unit', unit: UNITS[unit] as string, unitDisplay: 'short', maximumFractionDigits: digits }).format(value)
}
