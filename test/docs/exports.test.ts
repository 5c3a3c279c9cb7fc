import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import ts from 'typescript'
import * as pgstream from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'

/** What users may import. A name that is gone or means something else breaks their programs: change this on purpose. */
const values = [
  'LargeText',
  'PgstreamError',
  'Processor',
  'WireJsonReader',
  'backfill',
  'backfillStatus',
  'cancelBackfill',
  'checkpointed',
  'encodeWireJson',
  'encodeWireJsonBytes',
  'fanOut',
  'formatLsn',
  'identityPlaces',
  'identityText',
  'init',
  'kafkaListener',
  'kafkaWriter',
  'parseLsn',
  'postgresListener',
  'recordedListener',
  'rowIdentity',
  'rowObject',
  'runPipeline',
  'schemaLogStore',
  'searchIndexer',
  'startBackfill',
  'stdoutWriter',
  'tableFilter',
  'tearDown',
  'translator',
  'unchangedToast',
  'webhookNotifier',
]
const types = [
  'BackfillOptions',
  'BackfillProgress',
  'BackfillRequest',
  'ChangeEvent',
  'Checkpointer',
  'Column',
  'ColumnSchema',
  'CommitEvent',
  'DeadLetterPolicy',
  'DeleteEvent',
  'ErrorCode',
  'FindIdentity',
  'FindVersion',
  'HasSchemaStore',
  'InitOptions',
  'InitReport',
  'InsertEvent',
  'KafkaConnectionOptions',
  'KafkaListener',
  'KafkaListenerOptions',
  'KafkaLogin',
  'KafkaTls',
  'KafkaWriter',
  'KafkaWriterOptions',
  'KeepaliveEvent',
  'KeyOf',
  'Listener',
  'Logger',
  'Lsn',
  'MakeSink',
  'Mapper',
  'Mapping',
  'MessageEvent',
  'MessageKey',
  'Operation',
  'PipelineParts',
  'Position',
  'PositionEvent',
  'PostgresListener',
  'PostgresListenerOptions',
  'ProcessorOptions',
  'ReadRow',
  'RecordedListener',
  'Relation',
  'ReplicaIdentity',
  'RetryPolicy',
  'Row',
  'RowEvent',
  'SchemaChangeEvent',
  'SchemaDelta',
  'SchemaLogEntry',
  'SchemaLogStoreOptions',
  'SchemaStore',
  'SearchConnectionOptions',
  'SearchIndexer',
  'SearchIndexerOptions',
  'SearchTls',
  'SourcePlace',
  'StdoutWriter',
  'StdoutWriterOptions',
  'StoredEntry',
  'SubscriptionServerOptions',
  'TableFilterOptions',
  'TableSchema',
  'TearDownOptions',
  'TearDownReport',
  'Translation',
  'Translator',
  'TranslatorOptions',
  'TruncateEvent',
  'UniqueIndex',
  'UpdateEvent',
  'Value',
  'WalEvent',
  'WebhookNotifier',
  'WebhookNotifierOptions',
]

test('the package exports the functions, classes and symbols that were reviewed, and no others', () => {
  assert.deepEqual(Object.keys(pgstream).sort(), values)
})

/** Of `pgstream/testing`. */
const testingValues = ['FaultySinkError', 'cuttingProxy', 'faultySink']
const testingTypes = [
  'ConnectionKind',
  'Cut',
  'CuttingProxy',
  'CuttingProxyOptions',
  'Fault',
  'FaultySink',
  'FaultySinkOptions',
  'Pace',
  'ProxiedConnection',
]

test('pgstream/testing exports what was reviewed, and nothing else', async () => {
  assert.deepEqual(Object.keys(testing).sort(), testingValues)
  assert.deepEqual(await exportedNames('testing/index.ts'), { values: testingValues, types: testingTypes })
})

test('the package exports the types that were reviewed, and no others', async () => {
  const exported = await exportedNames('index.ts')
  assert.deepEqual(exported.types, types)
  assert.deepEqual(exported.values, values)
})

/** Of a file in src/ that consists of named exports from other files. */
async function exportedNames(path: string): Promise<{ values: string[]; types: string[] }> {
  const file = new URL(`../../src/${path}`, import.meta.url)
  const source = ts.createSourceFile(path, await readFile(file, 'utf8'), ts.ScriptTarget.Latest)
  const names = { values: [] as string[], types: [] as string[] }
  for (const statement of source.statements) {
    const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined
    assert.ok(
      ts.isExportDeclaration(statement) && clause && ts.isNamedExports(clause),
      `not a list of names: ${source.text.slice(statement.pos, statement.end).trim()}`,
    )
    for (const { name, isTypeOnly } of clause.elements) {
      names[statement.isTypeOnly || isTypeOnly ? 'types' : 'values'].push(name.text)
    }
  }
  return { values: names.values.sort(), types: names.types.sort() }
}
