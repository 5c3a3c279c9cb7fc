export { PgstreamError } from './errors.ts'
export type { ErrorCode } from './errors.ts'

export { postgresListener } from './postgres/postgres-listener.ts'
export type { PostgresListener, PostgresListenerOptions } from './postgres/postgres-listener.ts'
export { backfill } from './postgres/backfill/backfill.ts'
export type { BackfillOptions } from './postgres/backfill/backfill.ts'
export { backfillStatus, cancelBackfill, startBackfill } from './postgres/backfill/request-backfill.ts'
export type { BackfillRequest } from './postgres/backfill/request-backfill.ts'
export type { BackfillProgress } from './postgres/backfill/backfill-progress.ts'
export { init } from './postgres/init.ts'
export type { InitOptions, InitReport } from './postgres/init.ts'
export { tearDown } from './postgres/tear-down.ts'
export type { TearDownOptions, TearDownReport } from './postgres/tear-down.ts'

export { schemaLogStore } from './postgres/schema-log-store.ts'
export type { SchemaLogStoreOptions } from './postgres/schema-log-store.ts'

export { translator } from './translator/translator.ts'
export type { Translator, TranslatorOptions } from './translator/translator.ts'
export type { FindIdentity, FindVersion } from './translator/translations.ts'

export { kafkaListener } from './kafka/kafka-listener.ts'
export type { KafkaListener, KafkaListenerOptions } from './kafka/kafka-listener.ts'
export { kafkaWriter } from './kafka/kafka-writer.ts'
export type { KafkaWriter, KafkaWriterOptions } from './kafka/kafka-writer.ts'
export type { KafkaConnectionOptions, KafkaLogin, KafkaTls } from './kafka/kafka-connection.ts'
export type { KeyOf, MessageKey } from './kafka/message-key.ts'

export { recordedListener } from './recorded-listener.ts'
export type { RecordedListener } from './recording/recorded-listener.ts'

export { checkpointed } from './pipeline/checkpointed.ts'
export type { Checkpointer, Listener } from './pipeline/contracts.ts'
export { fanOut } from './pipeline/fan-out.ts'
export type { MakeSink } from './pipeline/fan-out.ts'
export { tableFilter } from './pipeline/filter.ts'
export type { TableFilterOptions } from './pipeline/filter.ts'
export { Processor } from './pipeline/processor.ts'
export type { Operation, ProcessorOptions } from './pipeline/processor.ts'
export { runPipeline } from './pipeline/run-pipeline.ts'
export type { RetryPolicy } from './pipeline/retry-policy.ts'
export type { PipelineParts } from './pipeline/run-pipeline.ts'

export { searchIndexer } from './search/search-indexer.ts'
export type { SearchIndexer } from './search/search-indexer.ts'
export type { SearchIndexerOptions } from './search/search-options.ts'
export type { SearchConnectionOptions, SearchTls } from './search/search-connection.ts'
export type { DeadLetterPolicy } from './search/dead-letters.ts'
export type { ReadRow } from './search/fill-holes.ts'
export type { Mapper, Mapping } from './search/index-mapping.ts'
export type { SourcePlace } from './search/source-place.ts'

export { stdoutWriter } from './stdout/stdout-writer.ts'
export type { StdoutWriter, StdoutWriterOptions } from './stdout/stdout-writer.ts'

export { webhookNotifier } from './webhook/webhook-notifier.ts'
export type { WebhookNotifier, WebhookNotifierOptions } from './webhook/webhook-notifier.ts'
export type { SubscriptionServerOptions } from './webhook/subscription-server.ts'

export type { Logger } from './telemetry/logger.ts'

export type {
  ChangeEvent,
  CommitEvent,
  DeleteEvent,
  InsertEvent,
  KeepaliveEvent,
  MessageEvent,
  PositionEvent,
  RowEvent,
  SchemaChangeEvent,
  Translation,
  TruncateEvent,
  UpdateEvent,
  WalEvent,
} from './wal/event.ts'
export { formatLsn, parseLsn } from './wal/lsn.ts'
export type { Lsn } from './wal/lsn.ts'
export type { Position } from './wal/position.ts'
export type { Column, Relation, ReplicaIdentity } from './wal/relation.ts'
export { rowObject } from './wal/row-object.ts'
export type { ColumnSchema, SchemaDelta, SchemaLogEntry, TableSchema, UniqueIndex } from './wal/schema-log.ts'
export { identityPlaces, identityText, rowIdentity } from './wal/identity-text.ts'
export type { HasSchemaStore, SchemaStore, StoredEntry } from './wal/schema-store.ts'
export { LargeText } from './wal/large-text.ts'
export { unchangedToast } from './wal/value.ts'
export type { Row, Value } from './wal/value.ts'
export { WireJsonReader } from './wal/read-wire-json.ts'
export { encodeWireJson, encodeWireJsonBytes } from './wal/wire-json.ts'
