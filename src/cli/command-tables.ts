import { markdownTable } from '../config/config-tables.ts'
import { commands } from './commands.ts'
import type { Command } from './commands.ts'
import { spell } from './flags.ts'
import { flagsOf, usageOf } from './help.ts'

/** Every command with its flags, in Markdown: a part of README.md. */
export function commandTables(): string {
  return commands.map(describe).join('\n\n')
}

function describe(command: Command): string {
  const flags = flagsOf(command).filter(({ name }) => name !== 'help' && name !== 'version')
  return [
    `**\`${usageOf(command)}\`**`,
    command.details,
    ...(flags.length === 0
      ? []
      : [
          markdownTable(
            ['Flag', 'Meaning'],
            flags.map((flag) => [`\`${spell(flag)}\``, flag.about]),
          ),
        ]),
    `\`\`\`text\n${command.examples.join('\n')}\n\`\`\``,
  ].join('\n\n')
}
