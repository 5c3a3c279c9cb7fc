import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** From here on one piece of memory counts. */
export const largeBytes: number = 16 * 1024 * 1024

type Collect = (options?: { type: 'minor' }) => void
let collectGarbage: Collect | undefined

/**
 * Memory of so many bytes, with anything in it. Before a large piece is taken, what nobody needs any more is given back: by
 * itself V8 does that only once several of them have gathered, and they may be hundreds of megabytes each.
 */
export function allocate(bytes: number): Buffer {
  if (bytes > largeBytes) {
    collectGarbage ??= exposedGc()
    collectGarbage()
  }
  return Buffer.allocUnsafe(bytes)
}

/** While much that is small and short-lived goes by, such as what a socket read: of that, too, much gathers by itself. */
export function collectShortLived(): void {
  collectGarbage ??= exposedGc()
  collectGarbage({ type: 'minor' })
}

function exposedGc(): Collect {
  const exposed = globalThis.gc
  if (exposed) return exposed as Collect
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return gc
}
