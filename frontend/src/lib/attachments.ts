// Files beside a post: which may go, in words before anything is uploaded, and the upload with its progress. What must
// wait for the network is brought by `uploads.ts` when the post goes out.

import { newKey, type DraftMedia, type MediaKind } from './draft'
import { NoAnswer, type Answer } from './net'

export type FileLimits = { types: readonly string[]; imageBytes: number; filmBytes: number; description: number }

/** What the server says of itself, until it was asked. */
export const FILE_LIMITS: FileLimits = {
  types: ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'image/heic', 'image/heif'],
  imageBytes: 16 * 1024 * 1024,
  filmBytes: 99 * 1024 * 1024,
  description: 1500,
}

export type FileProblem = { kind: 'type' | 'empty' | 'large' | 'many'; name: string; bytes?: number; limit?: number }

export function limitsOf(instance: unknown): FileLimits {
  const media = (instance as { configuration?: { media_attachments?: Record<string, unknown> } }).configuration?.media_attachments ?? {}
  const number = (key: string, otherwise: number): number => (typeof media[key] === 'number' ? media[key] : otherwise)
  return {
    types: Array.isArray(media.supported_mime_types) ? (media.supported_mime_types as string[]) : FILE_LIMITS.types,
    imageBytes: number('image_size_limit', FILE_LIMITS.imageBytes),
    filmBytes: number('video_size_limit', FILE_LIMITS.filmBytes),
    description: number('description_limit', FILE_LIMITS.description),
  }
}

/** Why a file cannot go; null if it can, or if the limits are not known yet. Some systems give no type: then the server looks. */
export function problemOfFile(file: Pick<File, 'name' | 'type' | 'size'>, limits: FileLimits | null): FileProblem | null {
  if (file.size === 0) return { kind: 'empty', name: file.name }
  if (limits === null) return null
  const limit = /^(video|audio)\//.test(file.type) ? limits.filmBytes : limits.imageBytes
  if (file.type !== '' && !limits.types.includes(file.type)) return { kind: 'type', name: file.name }
  return file.size > limit ? { kind: 'large', name: file.name, bytes: file.size, limit } : null
}

/** Those that may be added beside what is there, and why each of the others may not. */
export function admitted(files: readonly File[], there: number, most: number, limits: FileLimits | null): { files: File[]; problems: FileProblem[] } {
  const good: File[] = []
  const problems: FileProblem[] = []
  for (const file of files) {
    const problem = problemOfFile(file, limits) ?? (there + good.length >= most ? { kind: 'many' as const, name: file.name, limit: most } : null)
    if (problem) problems.push(problem)
    else good.push(file)
  }
  return { files: good, problems }
}

export const kindOf = (type: string): MediaKind =>
  type.startsWith('video/') ? 'video' : type.startsWith('audio/') ? 'audio' : type === 'image/gif' ? 'gifv' : 'image'

export const mediaOf = (file: File): DraftMedia => ({
  key: newKey(),
  name: file.name || 'picture',
  type: file.type,
  kind: kindOf(file.type),
  blob: file,
  id: null,
  uploadedAt: null,
  alt: '',
  savedAlt: '',
  focus: null,
  savedFocus: null,
  captions: null,
  preview: null,
  size: null,
})

/** The files of a paste or a drop. Pasted text that carries a picture of itself stays text. */
export function filesIn(data: DataTransfer | null): File[] {
  if (!data || data.files.length === 0) return []
  return data.types.includes('text/plain') && !data.types.includes('text/uri-list') ? [] : [...data.files]
}

/** The list with one entry moved, as by the arrow keys or by dragging. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, index) => index !== from)
  const one = list[from]
  if (one === undefined) return [...list]
  const at = Math.max(0, Math.min(rest.length, to))
  return [...rest.slice(0, at), one, ...rest.slice(at)]
}

/** Captions are WebVTT; anything else is refused before it is sent. */
export const isCaptions = (text: string): boolean => /^\ufeff?WEBVTT(?=\s|$)/.test(text) && text.includes('-->')

export type Upload = { done: Promise<Answer>; stop: () => void }

/** Sends a file and tells how far it is, from 0 to 1. `fetch` cannot tell, so this is the one XMLHttpRequest. */
export function uploadFile(file: Blob, name: string, account: string, onProgress: (part: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<Answer>((resolve, reject) => {
    request.open('POST', '/api/v2/media')
    request.setRequestHeader('accept', 'application/json')
    request.setRequestHeader('x-weft-account', account)
    request.responseType = 'json'
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total)
    request.onload = () =>
      resolve({
        status: request.status,
        body: request.response as unknown,
        retryAfter: Number(request.getResponseHeader('retry-after')) || null,
        date: Date.parse(request.getResponseHeader('date') ?? '') || null,
      })
    request.onerror = request.ontimeout = request.onabort = () => reject(new NoAnswer('no answer'))
    const form = new FormData()
    form.set('file', file, name)
    request.send(form)
  })
  return { done, stop: () => request.abort() }
}
