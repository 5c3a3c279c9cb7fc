import { tearDown as cleanUpDatabase } from '../postgres/tear-down.ts'
import { runDatabaseTask } from './database-task.ts'
import type { Program } from './program.ts'

export const tearDown: Program = (flags) =>
  runDatabaseTask(
    {
      name: 'tear-down',
      doing: 'Cleaning up',
      work: cleanUpDatabase,
      closing: () => 'Done: nothing of pgstream is left. Changes made from now on are in no stream.',
    },
    flags,
  )
