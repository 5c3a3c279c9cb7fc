import type { Field, Module } from './field.ts'
import { kafkaModules } from './kafka-fields.ts'
import { postgresModules } from './postgres-fields.ts'
import { searchModules } from './search-fields.ts'
import { translatorModules } from './translator-fields.ts'
import { webhookModules } from './webhook-fields.ts'
import { telemetryModules } from './telemetry-fields.ts'
import type { ValueOf, ValueType } from './values.ts'

const otherModules = {
  filter: {
    title: 'filter',
    enabledBy: 'either of its settings',
    fields: {
      includeTables: {
        name: 'PGSTREAM_FILTER_INCLUDE_TABLES',
        type: 'tables',
        about: 'The only tables whose changes are delivered; all of them if not set.',
        flag: 'include-tables',
        placeholder: 'TABLES',
      },
      excludeTables: {
        name: 'PGSTREAM_FILTER_EXCLUDE_TABLES',
        type: 'tables',
        about: 'Tables whose changes are not delivered, also of those that are included.',
        flag: 'exclude-tables',
        placeholder: 'TABLES',
      },
    },
  },
  stdoutWriter: {
    title: 'stdout processor',
    enabledBy: 'PGSTREAM_STDOUT_WRITER_ENABLED=true or --stdout',
    fields: {
      enabled: {
        name: 'PGSTREAM_STDOUT_WRITER_ENABLED',
        type: 'boolean',
        default: 'false',
        about: 'Write every change to stdout, one JSON object per line.',
        flag: 'stdout',
      },
      maxQueueBytes: {
        name: 'PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES',
        type: 'size',
        default: '100MiB',
        about: 'How much may wait to be written before the source is made to wait.',
      },
      batchSize: {
        name: 'PGSTREAM_STDOUT_WRITER_BATCH_SIZE',
        type: 'integer',
        min: 1,
        default: '1000',
        about: 'The most changes that are written and confirmed at once.',
      },
      batchBytes: {
        name: 'PGSTREAM_STDOUT_WRITER_BATCH_BYTES',
        type: 'size',
        default: '1MiB',
        about: 'The most bytes that are written and confirmed at once.',
      },
    },
  },
  command: {
    title: 'command',
    fields: {
      pgurl: {
        name: 'PGSTREAM_PGURL',
        type: 'url',
        schemes: ['postgres', 'postgresql'],
        about: 'The database to prepare, to clean up or to read; wins over PGSTREAM_POSTGRES_LISTENER_URL.',
        flag: 'pgurl',
        placeholder: 'URL',
      },
      configFile: {
        name: 'PGSTREAM_CONFIG',
        type: 'text',
        about: 'A file of settings: NAME=value lines, or YAML if its name ends in .yaml or .yml.',
        flag: 'config',
        shortFlag: 'c',
        placeholder: 'FILE',
      },
      logLevel: {
        name: 'PGSTREAM_LOG_LEVEL',
        type: 'choice',
        choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'disabled'],
        default: 'info',
        about: 'What is logged to stderr: this level and those above it.',
        flag: 'log-level',
        placeholder: 'LEVEL',
      },
    },
  },
} as const

/** Every setting there is: types, parsing, errors, flags, help and the tables in README.md come from here. */
export const modules: typeof postgresModules &
  typeof kafkaModules &
  typeof translatorModules &
  typeof webhookModules &
  typeof searchModules &
  typeof otherModules &
  typeof telemetryModules = {
  ...postgresModules,
  ...kafkaModules,
  ...translatorModules,
  ...webhookModules,
  ...searchModules,
  ...otherModules,
  ...telemetryModules,
}

type Modules = typeof modules

type ValueOfField<F> = F extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : F extends { readonly type: infer Type extends ValueType }
    ? ValueOf[Type]
    : never

type Optional<F> = F extends { readonly default: string } ? never : undefined

/** All settings with their types, by module: `config.stdoutWriter.maxQueueBytes`. */
export type Config = {
  readonly [M in keyof Modules]: {
    readonly [K in keyof Modules[M]['fields']]:
      ValueOfField<Modules[M]['fields'][K]> | Optional<Modules[M]['fields'][K]>
  }
}

export type ModuleName = keyof Modules

/** The same table for whoever goes through it. */
export const moduleList: readonly (Module & { readonly key: string })[] = Object.entries<Module>(modules).map(
  ([key, module]) => ({ key, ...module }),
)

export const fieldList: readonly Field[] = moduleList.flatMap(({ fields }) => Object.values(fields))
