// The time that relative dates are measured from; it moves on once a minute for all of them together.

class Clock {
  now = $state(Date.now())

  start(): void {
    setInterval(() => (this.now = Date.now()), 60_000)
    addEventListener('focus', () => (this.now = Date.now()))
  }
}

export const clock = new Clock()
