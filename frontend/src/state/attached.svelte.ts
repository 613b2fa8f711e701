// Pictures for a message: brought to the server as soon as they are chosen, so that sending is quick.

import { post, put, send } from '../lib/api'
import type { Media } from '../lib/entities'

const LOOK_AGAIN_MS = 1000
const LOOKS = 120

export class Attached {
  readonly url: string
  id = $state('')
  alt = $state('')
  error = $state.raw<unknown>(null)
  #described = ''

  constructor(readonly file: File) {
    this.url = URL.createObjectURL(file)
    void this.bring()
  }

  get isReady(): boolean {
    return this.id !== ''
  }

  async bring(): Promise<void> {
    this.error = null
    try {
      const form = new FormData()
      form.set('file', this.file)
      const media = await post<Media>('/api/v2/media', form)
      if (media.url === null) await this.#untilRead(media.id)
      this.id = media.id
    } catch (error) {
      this.error = error
    }
  }

  /** The words for who cannot see it go along before the message is sent. */
  async describe(): Promise<void> {
    const alt = this.alt.trim()
    if (alt === this.#described) return
    await put(`/api/v1/media/${this.id}`, { description: alt })
    this.#described = alt
  }

  release(): void {
    URL.revokeObjectURL(this.url)
  }

  async #untilRead(id: string): Promise<void> {
    for (let look = 0; look < LOOKS; look += 1) {
      if ((await send('GET', `/api/v1/media/${id}`)).status === 200) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
    throw new Error('the file is not ready')
  }
}
