import { fieldList } from '../config/fields.ts'
import { outputPlugins } from '../wal/plugin-message.ts'

export interface Flag {
  /** Without its dashes. */
  readonly name: string
  readonly short?: string
  /** What stands for the value in help; a flag without one is a switch. */
  readonly placeholder?: string
  readonly about: string
  /** The values that there are; any text if not set. */
  readonly choices?: readonly string[]
  /** The variable that says the same. */
  readonly variable?: string
}

/** Flags of settings come from the table of settings, so that they are described once. */
const ofSettings: readonly Flag[] = fieldList.flatMap((field) => {
  if (field.flag === undefined) return []
  return {
    name: field.flag,
    about: field.about,
    variable: field.name,
    ...(field.shortFlag === undefined ? {} : { short: field.shortFlag }),
    ...(field.type === 'boolean' ? {} : { placeholder: field.placeholder ?? 'VALUE' }),
  }
})

export const flagList: readonly Flag[] = [
  ...ofSettings,
  {
    name: 'plugin',
    placeholder: 'NAME',
    about: `The output plugin of the slot: ${outputPlugins.join(' or ')}; ${outputPlugins[0]} if not set.`,
    choices: outputPlugins,
  },
  { name: 'tables', placeholder: 'TABLES', about: 'Which tables, as in the filter; all of them if not set.' },
  { name: 'print-sql', about: 'Print the SQL for a DBA to run, and do nothing.' },
  { name: 'json', about: 'Print JSON on stdout, for scripts.' },
  { name: 'keep', about: 'Stay until Ctrl-C, and print the URL to connect to.' },
  { name: 'peek', about: 'Confirm nothing: the slot stays where it is, and the same changes come again.' },
  { name: 'until-caught-up', about: 'End when everything is recorded that was committed before the start.' },
  { name: 'force', about: 'Overwrite the file if there is one.' },
  {
    name: 'ids',
    placeholder: 'IDS',
    about: 'Which dead letters, as list shows them, separated by commas.',
  },
  { name: 'all', about: 'All dead letters.' },
  { name: 'address', placeholder: 'HOST:PORT', about: 'Where to listen; localhost:9910 if not set.' },
  {
    name: 'secret',
    placeholder: 'SECRET',
    about: 'The secret of the subscription, whsec_…; one is made if not set.',
  },
  { name: 'help', short: 'h', about: 'Show this help.' },
  { name: 'version', short: 'v', about: 'Print the version.' },
]

/** Flags that every command takes. */
export const commonFlags: readonly string[] = ['help', 'version']

/** As help and messages write it: `-c, --config FILE`. */
export function spell({ name, short, placeholder }: Flag): string {
  const dashes = short === undefined ? `--${name}` : `-${short}, --${name}`
  return placeholder === undefined ? dashes : `${dashes} ${placeholder}`
}
