import { fstatSync, readFileSync, statSync } from 'node:fs'

const accessMode = 0b11
const readAndWrite = 2

/**
 * Whether what is written to this file descriptor vanishes without anybody having asked for that: when it was closed
 * before the program began, Node opens /dev/null in its place, for reading and writing. A shell's `> /dev/null` opens it
 * for writing only. Known on Linux; false elsewhere.
 */
export function isThrownAway(descriptor: number): boolean {
  try {
    if (fstatSync(descriptor).rdev !== statSync('/dev/null').rdev) return false
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))
    return flags !== null && (parseInt(flags[1]!, 8) & accessMode) === readAndWrite
  } catch {
    return false
  }
}
