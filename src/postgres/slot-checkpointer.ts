import { PgstreamError } from '../errors.ts'
import { Confirmer } from '../pipeline/confirmer.ts'
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
  readonly #confirmer = new Confirmer()
  readonly #onConfirmed: () => void
  readonly #before: (lsn: Lsn) => void | Promise<void>

  /** `before` hears up to where everything is durable, and may hold back that this is confirmed. */
  constructor(
    onConfirmed: () => void = () => undefined,
    before: (lsn: Lsn) => void | Promise<void> = () => undefined,
  ) {
    this.#onConfirmed = onConfirmed
    this.#before = before
  }

  /** 0/0 until something was confirmed. */
  get confirmed(): Lsn {
    return this.#confirmed
  }

  /** Somebody confirms, or did. */
  get attached(): boolean {
    return this.#confirmer.attached
  }

  open(): void {
    this.#confirmer.open()
  }

  /** @throws {PgstreamError} PGSTREAM_INTERNAL for a position that no slot made. */
  checkpoint(positions: readonly Position[]): void | Promise<void> {
    let reached = this.#confirmed
    for (const position of positions) {
      if (!isSlotPosition(position)) {
        throw new PgstreamError(
          'PGSTREAM_INTERNAL',
          `a slot cannot resume at a position of ${position.partition}`,
        )
      }
      if (position.offset > reached) reached = position.offset
    }
    const held = this.#before(reached)
    if (!held) return this.#confirm(reached)
    return held.then(() => this.#confirm(reached))
  }

  #confirm(reached: Lsn): void {
    if (reached > this.#confirmed) this.#confirmed = reached
    this.#onConfirmed()
  }

  close(): void {
    this.#confirmer.close()
  }

  /** Resolves when nothing will be confirmed any more: at once when nobody ever said that they would. */
  settled(): Promise<void> {
    return this.#confirmer.settled()
  }
}
