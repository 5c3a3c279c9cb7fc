import type { ModuleName } from '../config/fields.ts'

export type CommandName =
  | 'init'
  | 'check'
  | 'status'
  | 'run'
  | 'backfill'
  | 'tear-down'
  | 'demo'
  | 'record'
  | 'replay'
  | 'webhook-listen'
  | 'dead-letters'
  | 'help'

export interface Command {
  readonly name: CommandName
  /** A line in the list of commands. */
  readonly about: string
  /** What it does, for its own help. */
  readonly details: string
  /** What may follow the name, as help writes it. */
  readonly argument?: string
  readonly flags: readonly string[]
  /** Whose settings its help lists. */
  readonly settings: readonly ModuleName[]
  readonly examples: readonly string[]
}

/** Every command there is, in the order in which a newcomer needs them. */
export const commands: readonly Command[] = [
  {
    name: 'init',
    about: 'prepare a database: schema log, event triggers, publication and replication slot',
    details:
      'Creates schema pgstream with the log of DDL, the event triggers that fill it, the publication and the ' +
      'replication slot, and sees to it that every table has a replica identity. From here on no change is lost. ' +
      'It can be run again at any time: what is there stays, what is missing is added.',
    flags: ['pgurl', 'config', 'slot-name', 'plugin', 'print-sql', 'json', 'log-level'],
    settings: ['postgresListener', 'command'],
    examples: [
      'pgstream init --pgurl postgres://postgres:postgres@localhost/shop',
      'pgstream init --pgurl postgres://localhost/shop --print-sql > init.sql',
    ],
  },
  {
    name: 'check',
    about: 'look whether everything is there that run needs, and say what to do where it is not',
    details:
      'Looks at the server, its settings and rights, the slot, the replica identities of the tables, every configured ' +
      'destination with its dead letters, and the addresses to listen at, and changes nothing. Each line is fine, to think about (a warning) or in the way (an error), with the ' +
      'remedy. Exit code 0 when nothing is in the way, 1 when something is, 2 when the settings are wrong.',
    flags: ['pgurl', 'config', 'slot-name', 'plugin', 'json', 'log-level'],
    settings: [
      'postgresListener',
      'kafkaListener',
      'kafka',
      'translator',
      'kafkaWriter',
      'searchStore',
      'searchIndexer',
      'webhookNotifier',
      'telemetry',
      'command',
    ],
    examples: [
      'pgstream check --pgurl postgres://postgres:postgres@localhost/shop',
      'pgstream check -c pg2kafka.env --json',
    ],
  },
  {
    name: 'run',
    about: 'stream every change to the configured processors until it is stopped',
    details:
      'Reads the replication slot that init made, or a topic of Kafka that another pgstream writes, and delivers every ' +
      'change, rows and DDL, in commit order. What was delivered is confirmed to the source and does not come again. Ctrl-C or SIGTERM stops reading, delivers what was ' +
      'read and ends; a second one, or 30 seconds, ends at once, and what was not delivered comes at the next start. ' +
      'It needs a listener and at least one processor.',
    flags: [
      'pgurl',
      'config',
      'slot-name',
      'backfill',
      'include-tables',
      'exclude-tables',
      'stdout',
      'ops-address',
      'log-level',
    ],
    settings: [
      'postgresListener',
      'kafkaListener',
      'kafka',
      'filter',
      'kafkaWriter',
      'searchStore',
      'searchIndexer',
      'webhookNotifier',
      'stdoutWriter',
      'telemetry',
      'command',
    ],
    examples: [
      'pgstream run --stdout --pgurl postgres://postgres:postgres@localhost/shop',
      "pgstream run --stdout --include-tables 'orders, shop.*' -c shop.env",
      'pgstream run -c shop.env | jq .',
      'pgstream run -c fixtures/pg2kafka.env',
      'pgstream run -c fixtures/pg2os.env',
    ],
  },
  {
    name: 'status',
    about: 'say what the slot, the stream and its processors are doing, from the outside',
    details:
      'Says who reads the slot, how far it is behind and how much WAL it keeps, with what happens when that goes on. With ' +
      '--ops-address, or the same in the settings, it also asks the running pgstream that serves its status there. Exit ' +
      'code 0 when the slot can be used and the pgstream that was asked is ready.',
    flags: ['pgurl', 'config', 'slot-name', 'ops-address', 'json', 'log-level'],
    settings: ['postgresListener', 'telemetry', 'command'],
    examples: [
      'pgstream status --pgurl postgres://postgres:postgres@localhost/shop',
      'pgstream status --ops-address :9910 --json -c shop.env',
    ],
  },
  {
    name: 'backfill',
    about: 'let the rows that are there already come through the stream while it runs',
    argument: 'start|status|cancel',
    details:
      'start asks for tables to be read from their first row, all of them if none are named; pgstream run does so while ' +
      'it streams, chunk by chunk, and goes on where it was after a restart. status shows how far each table is, cancel ' +
      'ends what is not done. The rows arrive as inserts with "snapshot": true; a row that is changed meanwhile never ' +
      'arrives in an older state than one that came before.',
    flags: ['pgurl', 'config', 'slot-name', 'tables', 'json', 'log-level'],
    settings: ['postgresListener', 'command'],
    examples: [
      "pgstream backfill start --tables 'public.orders, shop.*' -c shop.env",
      'pgstream backfill status -c shop.env',
    ],
  },
  {
    name: 'tear-down',
    about: 'remove everything that init made, and restore what it changed',
    details:
      'Drops the replication slot, the publication, the event triggers and schema pgstream, and gives tables back the ' +
      'replica identity they had. Changes made from here on are in no stream. It can be run again, also after an init ' +
      'that was cut short.',
    flags: ['pgurl', 'config', 'slot-name', 'json', 'log-level'],
    settings: ['postgresListener', 'command'],
    examples: ['pgstream tear-down --pgurl postgres://postgres:postgres@localhost/shop'],
  },
  {
    name: 'demo',
    about: 'watch a small shop flow by, on a Postgres of its own',
    details:
      'Starts a Postgres in a temporary folder, makes a shop, changes its rows and its tables, and shows what pgstream ' +
      'makes of it. It needs no database and no settings, ends by itself after about 15 seconds and leaves nothing behind.',
    flags: ['keep', 'json'],
    settings: [],
    examples: ['pgstream demo', 'pgstream demo --keep'],
  },
  {
    name: 'record',
    about: 'write what a slot yields to a file',
    argument: 'FILE',
    details:
      'Reads the replication slot and writes every message of its plugin to a file, as it came. What is on disk is ' +
      'confirmed to Postgres and does not come again; with --peek nothing is confirmed, and the slot stays where it is. ' +
      'Ctrl-C ends it, and the file ends with a whole transaction.',
    flags: ['pgurl', 'config', 'slot-name', 'peek', 'until-caught-up', 'force', 'json', 'log-level'],
    settings: ['postgresListener', 'command'],
    examples: [
      'pgstream record shop.rec --pgurl postgres://postgres:postgres@localhost/shop',
      'pgstream record shop.rec --peek --until-caught-up -c shop.env',
    ],
  },
  {
    name: 'replay',
    about: 'stream a recorded file to the configured processors, without any Postgres',
    argument: 'FILE',
    details:
      'Gives the changes of a file to the processors as run gave them when they were in the slot, and ends. The file is ' +
      'one of pgstream record, or has lines of wal2json as pg_recvlogical writes them (format version 2, with transactions ' +
      'and LSNs). It needs at least one processor.',
    flags: ['config', 'include-tables', 'exclude-tables', 'stdout', 'log-level'],
    settings: [
      'kafka',
      'filter',
      'kafkaWriter',
      'searchStore',
      'searchIndexer',
      'webhookNotifier',
      'stdoutWriter',
      'command',
    ],
    examples: ['pgstream replay shop.rec --stdout'],
  },
  {
    name: 'dead-letters',
    about: 'show, deliver or drop what a destination would not take',
    argument: 'list|retry|drop',
    details:
      'Shows the dead letters of every destination that is configured, the oldest first; delivers them again, those of --ids or ' +
      'all of them, and forgets what was delivered; or drops them for good. What is delivered late may be older than what the ' +
      'destination has by now: compare lsn. run may go on meanwhile.',
    flags: ['config', 'ids', 'all', 'json', 'log-level'],
    settings: ['webhookNotifier', 'searchStore', 'searchIndexer', 'command'],
    examples: [
      'pgstream dead-letters list -c shop.env',
      'pgstream dead-letters retry --ids webhooks/12,webhooks/13 -c shop.env',
      'pgstream dead-letters drop --all -c shop.env',
    ],
  },
  {
    name: 'webhook-listen',
    about: 'receive notifications of webhooks, to try them out',
    details:
      'Listens for notifications, verifies their signatures and prints the changes. It answers 204 to what is signed with the ' +
      'secret, and 401 to everything else. Without --secret it makes one, and says how to subscribe with it.',
    flags: ['address', 'secret', 'json'],
    settings: [],
    examples: ['pgstream webhook-listen', 'pgstream webhook-listen --address localhost:9911 --json'],
  },
  {
    name: 'help',
    about: 'show what a command does, its flags and its settings',
    details: 'Shows the list of commands, or everything about one of them.',
    argument: '[command]',
    flags: [],
    settings: [],
    examples: ['pgstream help run'],
  },
]

export const commandOf = (name: string): Command | undefined =>
  commands.find((command) => command.name === name)
