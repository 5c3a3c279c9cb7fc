import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** One file of `migrations/`: `0003-schema-log.sql` is version 3. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** Beside `src` and beside `dist`, so that both find it the same way. */
const folder = new URL('../../migrations/', import.meta.url)

/** All migrations of this version of pgstream, lowest first. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(fileURLToPath(folder))).filter((name) => /^\d+.*\.sql$/.test(name))
  const migrations = await Promise.all(
    names.map(async (name) => ({
      version: Number.parseInt(name, 10),
      name,
      sql: await readFile(new URL(name, folder), 'utf8'),
    })),
  )
  return migrations.sort((a, b) => a.version - b.version)
}
