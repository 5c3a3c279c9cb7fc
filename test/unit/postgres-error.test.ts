import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { fromPostgres } from '../../src/postgres/postgres-error.ts'

const server = { host: 'db.example', port: 5432, database: 'shop', user: 'ann', password: 'hush' }

const fromServer = (code: string, routine: string, message: string): Error =>
  Object.assign(new Error(message), { severity: 'FATAL', code, routine })

const fromNetwork = (code: string | undefined, message: string): Error =>
  Object.assign(new Error(message), { code })

for (const [expected, error] of [
  [
    'PGSTREAM_SOURCE_REFUSED',
    fromServer('28P01', 'auth_failed', 'Passwort-Authentifizierung fehlgeschlagen'),
  ],
  ['PGSTREAM_SOURCE_REFUSED', fromServer('28000', 'InitializeSessionUserId', 'Rolle existiert nicht')],
  ['PGSTREAM_SOURCE_REFUSED', fromServer('3D000', 'InitPostgres', 'Datenbank existiert nicht')],
  [
    'PGSTREAM_SOURCE_REFUSED',
    fromNetwork(undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
  ],
  ['PGSTREAM_NO_RIGHT', fromServer('42501', 'CheckSlotPermissions', 'keine Berechtigung')],
  [
    'PGSTREAM_SOURCE_UNREACHABLE',
    fromServer('53300', 'InitProcess', 'tut mir leid, schon zu viele Verbindungen'),
  ],
  [
    'PGSTREAM_NO_FREE_SLOT',
    fromServer('53300', 'InitProcess', 'Anzahl überschreitet max_wal_senders (aktuell 1)'),
  ],
  [
    'PGSTREAM_NO_FREE_SLOT',
    fromServer('53400', 'ReplicationSlotCreate', 'alle Replikations-Slots sind belegt'),
  ],
  ['PGSTREAM_SLOT_ACTIVE', fromServer('55006', 'ReplicationSlotAcquire', 'Replikations-Slot ist aktiv')],
  ['PGSTREAM_WAL_LEVEL', fromServer('55000', 'CheckLogicalDecodingRequirements', 'logische Dekodierung')],
  [
    'PGSTREAM_SOURCE_STANDBY',
    fromServer('0A000', 'CheckLogicalDecodingRequirements', 'während der Wiederherstellung'),
  ],
  ['PGSTREAM_SOURCE_STANDBY', fromServer('25006', 'PreventCommandIfReadOnly', 'in Nur-Lesen-Transaktion')],
  ['PGSTREAM_SLOT_INVALID', fromServer('55000', 'StartLogicalReplication', 'kann nicht mehr gelesen werden')],
  ['PGSTREAM_SLOT_INVALID', fromServer('58P01', 'WalSndSegmentOpen', 'WAL-Segment wurde schon entfernt')],
  ['PGSTREAM_SLOT_MISSING', fromServer('42704', 'ReplicationSlotAcquire', 'Slot existiert nicht')],
  ['PGSTREAM_NOT_INITIALIZED', fromServer('42704', 'get_publication_oid', 'Publikation existiert nicht')],
  [
    'PGSTREAM_NOT_INITIALIZED',
    fromServer('42P01', 'parserOpenTable', 'Relation »pgstream.schema_log« existiert nicht'),
  ],
  ['PGSTREAM_SOURCE_UNSUPPORTED', fromServer('58P01', 'expand_dynamic_library_name', 'wal2json')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromServer('57P01', 'ProcessInterrupts', 'Verbindung wird abgebrochen')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromServer('57P03', 'ProcessStartupPacket', 'das Datenbanksystem startet')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromServer('08006', '', 'Verbindung verloren')],
  [
    'PGSTREAM_SOURCE_UNREACHABLE',
    fromServer('57014', 'ProcessInterrupts', 'storniere Anfrage wegen Benutzeranfrage'),
  ],
  [
    'PGSTREAM_SOURCE_UNREACHABLE',
    fromServer('55000', 'CheckMyDatabase', 'Datenbank akzeptiert keine Verbindungen'),
  ],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork('ENOTFOUND', 'getaddrinfo ENOTFOUND db.example')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork('ETIMEDOUT', 'connect ETIMEDOUT')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork('ECONNRESET', 'read ECONNRESET')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork(undefined, 'Connection terminated unexpectedly')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork(undefined, 'timeout expired')],
  ['PGSTREAM_SOURCE_UNREACHABLE', fromNetwork(undefined, 'The server does not support SSL connections')],
  ['PGSTREAM_ROW_TOO_LARGE', fromServer('XX000', 'palloc', 'invalid memory alloc request size 1080000003')],
  [
    'PGSTREAM_ROW_TOO_LARGE',
    fromServer('XX000', 'MemoryContextSizeFailure', 'ungültige Anfrage nach Speicher'),
  ],
  ['PGSTREAM_ROW_TOO_LARGE', fromServer('54000', 'enlargeStringInfo', 'Puffer zu klein')],
  ['PGSTREAM_INTERNAL', fromServer('XX000', 'heap_open', 'etwas anderes')],
  ['PGSTREAM_INTERNAL', new TypeError('read is not a function')],
] as const satisfies readonly (readonly [ErrorCode, Error])[]) {
  test(`"${error.message}" is ${expected}, with the place and without the password`, () => {
    const told = fromPostgres(error, 'connecting', server)
    assert.equal(told.code, expected)
    assert.equal(told.cause, error)
    assert.match(told.message, /^Connecting failed \(database "shop" at db\.example:5432 as user "ann"\): /)
    assert.ok(told.message.includes(error.message), told.message)
    assert.doesNotMatch(`${told.message} ${told.remedy}`, /hush/)
  })
}

test('what Postgres says of data is not repeated, its code is', () => {
  const told = fromPostgres(
    fromServer('22P02', 'pg_strtoint32', 'ungültig: »planted-row«'),
    'reading',
    server,
  )
  assert.equal(told.code, 'PGSTREAM_INTERNAL')
  assert.match(told.message, /\(22P02\)\.$/)
  assert.doesNotMatch(told.message, /planted/)
})

test('several addresses that all refuse are one sentence', () => {
  const error = new AggregateError([new Error('one'), new Error('two')])
  const told = fromPostgres(Object.assign(error, { code: 'ECONNREFUSED' }), 'connecting', server)
  assert.equal(told.code, 'PGSTREAM_SOURCE_UNREACHABLE')
  assert.match(told.message, /: ECONNREFUSED\.$/)
})

test('an error of ours stays what it is', () => {
  const error = new PgstreamError('PGSTREAM_SLOT_MISSING', 'There is no slot.')
  assert.equal(fromPostgres(error, 'connecting', server), error)
})
