// A change that saves itself: on its way, saved, or what went wrong and how to try again.

export class Saving {
  state = $state<'still' | 'busy' | 'saved' | 'failed'>('still')
  error = $state.raw<unknown>(null)
  #again: (() => Promise<void>) | null = null
  #turn = 0
  #before: Promise<unknown> = Promise.resolve()

  /** Run a change after those before it: on the way, a later one could be faster. True where it was saved. */
  async run(change: () => Promise<void>): Promise<boolean> {
    const turn = ++this.#turn
    this.#again = change
    this.state = 'busy'
    try {
      const done = this.#before.then(change)
      this.#before = done.catch(() => {})
      await done
      if (turn === this.#turn) this.state = 'saved'
      return true
    } catch (error) {
      if (turn === this.#turn) {
        this.error = error
        this.state = 'failed'
      }
      return false
    }
  }

  retry(): void {
    if (this.#again) void this.run(this.#again)
  }
}

/** Calls `then` when nothing was typed for a moment, and at once when `now` is called. */
export function resting(then: () => void, ms = 900): { touch: () => void; now: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    touch: () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        timer = undefined
        then()
      }, ms)
    },
    now: () => {
      if (timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      then()
    },
  }
}
