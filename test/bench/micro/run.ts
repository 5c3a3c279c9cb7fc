/** `npm run bench -- micro`: what one row costs at each step of its way, in nanoseconds. */
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type * as Pgstream from '../../../src/index.ts'
import type * as Pgoutput from '../../../src/postgres/pgoutput.ts'
import type * as Search from '../../../src/search/encoder.ts'
import type { ChangeEvent, SchemaChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { schemaLogEntry, tableSchema } from '../../support/log-entries.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'
import { description, transaction } from './messages.ts'

/** As it is shipped, not as tsx would compile it. */
const dist = (path: string): Promise<unknown> =>
  import(new URL(`../../../dist/${path}.js`, import.meta.url).href) as Promise<unknown>

const { PgoutputDecoder } = (await dist('postgres/pgoutput')) as typeof Pgoutput
const { encodeWireJson, encodeWireJsonBytes, Processor } = (await dist('index')) as typeof Pgstream

const { Encoder } = (await dist('search/encoder')) as typeof Search

const rows = transaction.length - 2
const walStart = 0x1_2345_6789n as never

function decoded(emit: (event: WalEvent) => void): () => void {
  const decoder = new PgoutputDecoder(emit)
  decoder.decode(description, walStart)
  return () => {
    for (const bytes of transaction) decoder.decode(bytes, walStart)
  }
}

const events: WalEvent[] = []
decoded((event) => events.push(event))()
const changes = events.flatMap((event) =>
  event.kind === 'commit' || event.kind === 'keepalive' ? [] : [event],
)

class NullSink extends Processor {
  override readonly takesPrinted = true

  protected override encode(event: Parameters<typeof encodeWireJson>[0]): { bytes: Buffer } {
    return { bytes: encodeWireJsonBytes(event) }
  }

  protected override async deliver(): Promise<void> {}
}

/** Makes documents of changes that have a translation, by an index that knows their table. */
function documents(): () => void {
  const [first] = changes as [ChangeEvent & { kind: 'insert' }]
  const { relation } = first
  const types = relation.columns.map(({ name, type, key }) => [name, `${type}${key ? '!' : ''}`])
  const table = tableSchema(relation.oid, relation.table, Object.fromEntries(types) as Record<string, string>)
  const told: SchemaChangeEvent = {
    ...{ ...first, kind: 'schema-change' },
    entry: schemaLogEntry({ tables: [table] }, relation.schema),
  }
  const translation = {
    ...{ schemaId: told.entry.id, tableId: table.pgstream_id, versionColumnId: '' },
    columnIds: table.columns.map(({ pgstream_id: id }) => id),
    identityColumnIds: [table.columns[0]!.pgstream_id],
  }
  const translated = changes.map((change) => ({ ...change, translation }))
  const encoder = new Encoder({
    ...{ abilities: { objectType: 'flat_object' }, prefix: '', logger: silentLogger },
    onKept: () => undefined,
  })
  encoder.encode(told)
  return () => {
    for (const change of translated) for (const { size } of encoder.encode(change)) seen += size ?? 0
  }
}

let seen = 0
const steps: Record<string, () => void | Promise<void>> = {
  decode: decoded(() => void seen++),
  'wire JSON': () => {
    for (const change of changes) seen += encodeWireJson(change).length
  },
  'wire JSON in bytes': () => {
    for (const change of changes) seen += encodeWireJsonBytes(change).length
  },
  document: documents(),
  'decode, wire JSON in bytes': decoded((event) => {
    if (event.kind !== 'commit' && event.kind !== 'keepalive') {
      seen += encodeWireJsonBytes(event).length
    }
  }),
  'stream into a plain Writable': () =>
    pipeline(
      events,
      new Writable({
        objectMode: true,
        write(_event, _encoding, callback) {
          seen++
          callback()
        },
      }),
    ),
  'stream into a Processor, wire JSON included': () =>
    pipeline(events, new NullSink({ maxQueueBytes: 1 << 20, batchSize: 1000, batchBytes: 1 << 20 })),
}

/** The least of many: whatever else the machine does only adds. */
async function nanosPerRow(step: () => void | Promise<void>): Promise<number> {
  let least = Infinity
  for (let i = 0; i < 300; i++) {
    const begun = process.hrtime.bigint()
    await step()
    least = Math.min(least, Number(process.hrtime.bigint() - begun) / rows)
  }
  return least
}

const results: Record<string, number> = {}
for (const [name, step] of Object.entries(steps)) results[name] = Math.round(await nanosPerRow(step))
for (const [name, nanos] of Object.entries(results))
  console.log(`${String(nanos).padStart(7)} ns/row  ${name}`)
console.log(JSON.stringify({ micro: results }))
