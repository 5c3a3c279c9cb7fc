import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { recordScript } from '../fixtures/record-script.ts'
import { plugins, recordingFile, scripts } from '../fixtures/recordings.ts'
import { postgresServers, wal2jsonIsThere } from '../support/postgres.ts'

const server = postgresServers().find(({ major }) => major === 15)
const skip = server && wal2jsonIsThere() ? false : 'there is no Postgres 15 with wal2json'

for (const { name, sql } of await scripts()) {
  test(`recording ${name} anew gives the files that are there (npm run fixtures)`, { skip }, async () => {
    const recordings = await recordScript(server!, sql)
    for (const plugin of plugins) {
      const [made, kept] = [recordings[plugin], await readFile(recordingFile(name, plugin), 'utf8')]
      assert.deepEqual(made.split('\n'), kept.split('\n'), recordingFile(name, plugin))
    }
  })
}
