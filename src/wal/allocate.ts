import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** From here on one piece of memory counts. */
export const largeBytes: number = 16 * 1024 * 1024

let collectGarbage: (() => void) | undefined

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

function exposedGc(): () => void {
  const exposed = globalThis.gc
  if (exposed) return () => void exposed()
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return gc
}
