// Rules of notes that need no server: what may be one, which still run, in which order they are shown.

import type { Note } from './entities'
import { graphemes } from './graphemes'

export const NOTE_LIMIT = 60
const INVISIBLE = /^[\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]*$/u

/** The note as one line, as the server stores it. */
export const asLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

export interface Judged {
  line: string
  /** Characters that still fit; below zero there are too many. */
  left: number
  good: boolean
}

export function judge(text: string): Judged {
  const line = asLine(text)
  const left = NOTE_LIMIT - graphemes(line)
  return { line, left, good: left >= 0 && !INVISIBLE.test(line) }
}

/** Those whose day is not over; one's own first, then the newest. */
export function running(notes: readonly Note[], now: number): Note[] {
  const left = notes.filter((note) => Date.parse(note.expires_at) > now)
  return left.sort((a, b) => Number(b.mine) - Number(a.mine) || (a.created_at < b.created_at ? 1 : -1))
}

const words = new Map<string, Intl.RelativeTimeFormat>()

/** "in 23 hours", "in 5 minutes": never "tomorrow", for a day is all a note has. */
export function timeLeft(note: Pick<Note, 'expires_at'>, now: number, language: string): string {
  const minutes = Math.max(1, Math.round((Date.parse(note.expires_at) - now) / 60_000))
  const format = words.get(language) ?? new Intl.RelativeTimeFormat(language)
  words.set(language, format)
  return minutes < 60 ? format.format(minutes, 'minute') : format.format(Math.round(minutes / 60), 'hour')
}

/** The list with a note of an account that has at most one. */
export const withNote = (notes: readonly Note[], note: Note): Note[] => [note, ...notes.filter((one) => one.account.id !== note.account.id)]
