import assert from 'node:assert/strict'
import { cp, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** Prints the files of kafkajs that are loaded when the command connects for the first time, and ends it. */
const preload = `
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
Socket.prototype.connect = () => {
  const { cache } = createRequire(import.meta.url)
  console.log(JSON.stringify(Object.keys(cache).filter((file) => file.includes('/kafkajs/'))))
  process.exit()
}
`

test('behind a linked node_modules the parts of kafkajs that are repaired are those that are used', async () => {
  await using folder = await temporaryFolder()
  for (const name of ['bin', 'dist', 'migrations', 'package.json'])
    await cp(join(repository, name), folder.file(name), { recursive: true })
  await symlink(join(repository, 'node_modules'), folder.file('node_modules'))
  const env = {
    PATH: process.env['PATH'],
    NODE_OPTIONS: `--import=${await folder.write('preload.mjs', preload)}`,
    PGSTREAM_KAFKA_SERVERS: '127.0.0.1:1',
    PGSTREAM_KAFKA_TOPIC_NAME: 't',
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: 'g',
  }
  const args = [folder.file('bin/pgstream.js'), 'run', '--stdout']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder.path, env })
  const loaded = JSON.parse(stdout) as string[]
  for (const part of ['requestQueue/index.js', 'cluster/index.js', 'consumer/runner.js', 'src/errors.js']) {
    const files = loaded.filter((file) => file.endsWith(part))
    assert.equal(files.length, 1, `${part}: ${files.join(', ')}`)
  }
})
