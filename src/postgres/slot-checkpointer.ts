import { PgstreamError } from '../errors.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Position } from '../wal/position.ts'
import { isSlotPosition } from './slot-position.ts'

/**
 * Remembers up to where everything is durable. It only ever moves forward; the listener tells the server from its
 * status timer.
 */
export class SlotCheckpointer implements Checkpointer {
  #confirmed: Lsn = noLsn
  #attached = false
  #closed = false
  #wake: (() => void)[] = []
  #onConfirmed: () => void

  constructor(onConfirmed: () => void = () => undefined) {
    this.#onConfirmed = onConfirmed
  }

  /** 0/0 until something was confirmed. */
  get confirmed(): Lsn {
    return this.#confirmed
  }

  /** Somebody confirms, or did. */
  get attached(): boolean {
    return this.#attached
  }

  open(): void {
    this.#attached = true
  }

  /** @throws {PgstreamError} PGSTREAM_INTERNAL for a position that no slot made. */
  checkpoint(positions: readonly Position[]): void {
    for (const position of positions) {
      if (!isSlotPosition(position)) {
        throw new PgstreamError(
          'PGSTREAM_INTERNAL',
          `a slot cannot resume at a position of ${position.partition}`,
        )
      }
      if (position.offset > this.#confirmed) this.#confirmed = position.offset
    }
    this.#onConfirmed()
  }

  close(): void {
    this.#closed = true
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Resolves when nothing will be confirmed any more: at once when nobody ever said that they would. */
  async settled(): Promise<void> {
    if (this.#closed || !this.#attached) return
    await new Promise<void>((resolve) => this.#wake.push(resolve))
  }
}
