import type pg from 'pg'
import { lsn, parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { frameHeaderBytes, readInFront, wireOf } from './read-in-front.ts'
import type { WireConnection } from './read-in-front.ts'
import { fromPostgres } from './postgres-error.ts'

export interface SystemIdentity {
  readonly systemId: string
  readonly timeline: number
  readonly database: string
  /** The end of what the server has written to disk: nothing behind it was ever sent. */
  readonly flushed: Lsn
}

export interface ReplicationHandlers {
  /**
   * One message of the output plugin. Nobody else writes to its memory, but what is not large shares it with what came by
   * the same read of the socket: whoever keeps one of these for long keeps all of that.
   */
  readonly onMessage: (payload: Buffer, walStart: Lsn) => void
  /** Nothing more is to be sent up to `walEnd`; the server may want to be answered at once. */
  readonly onKeepalive: (walEnd: Lsn, replyRequested: boolean) => void
  /** The stream ended: with an error, or without one after `close`. */
  readonly onEnd: (error: Error | undefined) => void
}

/** The type of CopyData. */
const copyData = 0x64
const xLogData = 0x77
const keepalive = 0x6b
const xLogHeaderBytes = 25
const unixToPostgresMicros = 946_684_800_000_000n

/** So that values arrive as documented, whatever the server, the database and the role have set. */
export const sessionSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
}

/**
 * A connection in replication mode (https://www.postgresql.org/docs/current/protocol-replication.html): frames in,
 * status out, reading paused and resumed. Knows nothing of what the frames mean.
 */
export class ReplicationConnection {
  readonly #client: pg.Client
  readonly #wire: WireConnection
  #streaming = false
  #closing = false

  private constructor(client: pg.Client) {
    this.#client = client
    this.#wire = wireOf(client)
  }

  /** @throws {PgstreamError} when the server cannot be reached, refuses, or the role may not replicate. */
  static async open(url: string, signal?: AbortSignal): Promise<ReplicationConnection> {
    const client = await connect(url, { replication: 'database', settings: sessionSettings, signal })
    return new ReplicationConnection(client)
  }

  /** The process of the server behind it. */
  get pid(): number {
    return (this.#client as unknown as { processID: number }).processID
  }

  async identify(): Promise<SystemIdentity> {
    const { rows } = await this.query('IDENTIFY_SYSTEM')
    // int4 up to Postgres 15, int8 and so text from 16 on
    const row = rows[0] as { systemid: string; timeline: number | string; dbname: string; xlogpos: string }
    return {
      systemId: row.systemid,
      timeline: Number(row.timeline),
      database: row.dbname,
      flushed: parseLsn(row.xlogpos),
    }
  }

  /** The history file of a timeline: where each of those before it was left. */
  async timelineHistory(timeline: number): Promise<string> {
    const { rows } = await this.query(`TIMELINE_HISTORY ${timeline}`)
    return String((rows[0] as { content: unknown }).content)
  }

  /** The server ends a connection from which it has heard nothing for so long; 0: it never does. */
  async senderTimeoutMs(): Promise<number> {
    const { rows } = await this.query(
      "select setting::int as ms from pg_settings where name = 'wal_sender_timeout'",
    )
    return (rows[0] as { ms: number }).ms
  }

  async query(sql: string): Promise<pg.QueryResult> {
    try {
      // per query: a time-out of the client would end the stream as well
      const query: pg.QueryConfig & { query_timeout: number } = { text: sql, query_timeout: queryTimeoutMs }
      return await this.#client.query(query)
    } catch (cause) {
      throw fromPostgres(cause, 'asking the server')
    }
  }

  /** Resolves when the server begins to send. */
  async start(command: string, handlers: ReplicationHandlers): Promise<void> {
    const wire = this.#wire
    this.#takeCopyData(handlers)
    await new Promise<void>((resolve, reject) => {
      let started = false
      wire.once('replicationStart', () => {
        started = true
        this.#streaming = true
        resolve()
      })
      const ended = (cause?: unknown): void => {
        this.#streaming = false
        const error =
          cause === undefined
            ? undefined
            : fromPostgres(cause, started ? 'reading the slot' : 'starting replication')
        if (!started)
          reject(error ?? fromPostgres(new Error('Connection terminated'), 'starting replication'))
        else handlers.onEnd(this.#closing ? undefined : error)
      }
      this.#client.query(command).then(() => ended(), ended)
    })
  }

  #takeCopyData({ onMessage, onKeepalive }: ReplicationHandlers): void {
    readInFront(this.#client, (bytes, start, end) => {
      if (bytes[start] !== copyData) return false
      if (this.#closing) return true
      const at = start + frameHeaderBytes
      if (bytes[at] === xLogData) {
        onMessage(bytes.subarray(at + xLogHeaderBytes, end), lsn(bytes.readBigUInt64BE(at + 1)))
      } else if (bytes[at] === keepalive) {
        onKeepalive(lsn(bytes.readBigUInt64BE(at + 1)), bytes[at + 17] === 1)
      }
      return true
    })
  }

  /** Of the socket, so far: rises while a large message arrives, too. */
  get bytesRead(): number {
    return this.#wire.stream.bytesRead
  }

  /** Only the stream can wait: before it begins, an answer that is awaited would never come. */
  pause(): void {
    if (this.#streaming) this.#wire.stream.pause()
  }

  resume(): void {
    this.#wire.stream.resume()
  }

  /** A standby status update: everything before `flushed` may be forgotten. Goes out while reading is paused, too. */
  sendStatus(flushed: Lsn, replyRequested = false): void {
    if (!this.#streaming) return
    const frame = Buffer.allocUnsafe(34)
    frame[0] = 0x72
    frame.writeBigUInt64BE(flushed, 1)
    frame.writeBigUInt64BE(flushed, 9)
    frame.writeBigUInt64BE(flushed, 17)
    frame.writeBigInt64BE(BigInt(Date.now()) * 1000n - unixToPostgresMicros, 25)
    frame[33] = replyRequested ? 1 : 0
    this.#wire.sendCopyFromChunk(frame)
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#closing = true
    this.#wire.stream.destroy()
  }

  /**
   * Ends the copy and waits until the server has acknowledged that, so that it has seen the last status; cuts the
   * connection when it does not answer within `timeoutMs` (a server that is sending a large transaction does not).
   */
  async close(timeoutMs = 2_000): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const socket = this.#wire.stream
    if (socket.destroyed) return
    const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
    const deadline = setTimeout(() => socket.destroy(), timeoutMs)
    if (this.#streaming) {
      const copyEnded = new Promise<void>((resolve) => {
        this.#wire.once('readyForQuery', () => resolve())
        socket.once('close', () => resolve())
      })
      this.#wire.endCopyFrom()
      this.resume()
      await copyEnded
    }
    this.resume()
    await this.#client.end().catch(() => undefined)
    await closed
    clearTimeout(deadline)
  }
}
