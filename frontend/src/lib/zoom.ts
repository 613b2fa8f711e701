// Zooming and moving a picture with wheel, pinch and drag. It knows numbers only; the caller shows the transform.

const LEAST = 1
const MOST = 6

interface Point {
  x: number
  y: number
}

export class Zoom {
  #scale = 1
  #at: Point = { x: 0, y: 0 }
  #pointers = new Map<number, Point>()

  constructor(readonly show: (transform: string) => void) {}

  reset(): void {
    this.#scale = 1
    this.#at = { x: 0, y: 0 }
    this.#draw()
  }

  toggle(): void {
    if (this.#scale > 1) this.reset()
    else this.by(2.5)
  }

  by(factor: number): void {
    this.#scale = Math.min(MOST, Math.max(LEAST, this.#scale * factor))
    if (this.#scale === LEAST) this.#at = { x: 0, y: 0 }
    this.#draw()
  }

  wheel(event: WheelEvent): void {
    event.preventDefault()
    this.by(Math.exp(-event.deltaY / 300))
  }

  down(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }

  move(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId)
    if (!before) return
    const now = { x: event.clientX, y: event.clientY }
    const spread = this.#spread()
    this.#pointers.set(event.pointerId, now)
    if (this.#pointers.size === 2 && spread > 0) this.by(this.#spread() / spread)
    else if (this.#scale > LEAST) {
      this.#at = { x: this.#at.x + now.x - before.x, y: this.#at.y + now.y - before.y }
      this.#draw()
    }
  }

  up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId)
  }

  #spread(): number {
    const [a, b] = [...this.#pointers.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }

  #draw(): void {
    this.show(this.#scale === 1 ? '' : `translate(${this.#at.x}px, ${this.#at.y}px) scale(${this.#scale})`)
  }
}
