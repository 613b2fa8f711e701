// Which dialog is open. A dialog's script is loaded when it is first asked for; `App.svelte` shows the open one.

import type { Component } from 'svelte'
import type { Area } from '../text/areas'
import { texts } from './language.svelte'

interface Dialog {
  component: Component<Record<string, unknown>>
  props: Record<string, unknown>
}

class Dialogs {
  open = $state.raw<readonly Dialog[]>([])

  /** Show a dialog above what is there; it gets `close` with its other properties. */
  async show(load: () => Promise<{ default: unknown }>, areas: readonly Area[], props: Record<string, unknown> = {}): Promise<void> {
    const [loaded] = await Promise.all([load(), texts.need(...areas)])
    const dialog: Dialog = { component: loaded.default as Dialog['component'], props: { ...props, close: () => this.#close(dialog) } }
    this.open = [...this.open, dialog]
  }

  closeAll(): void {
    this.open = []
  }

  #close(dialog: Dialog): void {
    this.open = this.open.filter((one) => one !== dialog)
  }
}

export const dialogs = new Dialogs()
