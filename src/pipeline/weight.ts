/**
 * What an operation in a queue takes beside its bytes. 100 to 140 of live objects were measured, up to 340 where a sink keeps
 * more of them; and there is a second copy of young ones while garbage is collected.
 */
const bookkeepingBytes = 300
/** One chunk of Node's queue stands for no more. */
export const largestStandIn: number = 64 * 1024

/** Nobody reads it or writes to it. */
const counted = Buffer.alloc(largestStandIn)

/** The memory that an operation of so many bytes takes in a queue. */
export const weigh = (size: number): number => size + bookkeepingBytes

/** Stands in Node's queue, which counts a chunk by its length, for operations of this weight. */
export const standIn = (weight: number): Buffer => counted.subarray(0, weight)

/**
 * Stands for one operation in Node's queue: as long as the memory that it takes. A guard that counted the bytes alone let
 * rows of 100 bytes take four times its limit.
 */
export const weightOf = (bytes: Buffer): Buffer =>
  weigh(bytes.length) > largestStandIn ? bytes : standIn(weigh(bytes.length))
