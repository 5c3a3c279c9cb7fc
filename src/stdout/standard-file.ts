import { closeSync, fstatSync, openSync, readFileSync, readSync, write } from 'node:fs'
import { promisify } from 'node:util'

/** As much of the bytes as the system takes at once; gives how much that was. */
type WriteSome = (descriptor: number, bytes: Buffer, from: number) => Promise<{ bytesWritten: number }>

const writeSome: WriteSome = promisify(write)
const appending = 0o2000
const lineFeed = 0x0a

/**
 * A regular file: where the standard output is one, Node writes once and does not look how much was taken. A disk that
 * becomes full takes a part, without an error.
 */
export function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile()
  } catch {
    return false
  }
}

/** Resolves when the file has all of the bytes. */
export async function writeWhole(
  descriptor: number,
  bytes: Buffer,
  some: WriteSome = writeSome,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await some(descriptor, bytes, at)).bytesWritten
}

/**
 * Whether what is appended to this file would go on with a line that was never finished: of a program that was killed
 * while it wrote, or of a disk that was full. Known on Linux, where the file may be read; false elsewhere.
 */
export function endsWithinLine(descriptor: number): boolean {
  try {
    const { size } = fstatSync(descriptor)
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))
    if (size === 0 || flags === null || (parseInt(flags[1]!, 8) & appending) === 0) return false
    const last = Buffer.alloc(1)
    const reader = openSync(`/proc/self/fd/${descriptor}`, 'r')
    try {
      readSync(reader, last, 0, 1, size - 1)
    } finally {
      closeSync(reader)
    }
    return last[0] !== lineFeed
  } catch {
    return false
  }
}
