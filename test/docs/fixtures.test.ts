import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { readConfig } from '../../src/config/read-config.ts'
import { RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import { repository } from '../support/readme.ts'
import { preparedDatabase } from '../support/source.ts'

const folder = join(repository, 'fixtures')

test('the compose file is one, and its servers are where the sample settings look for them', async () => {
  const file = join(folder, 'compose.yaml')
  // fails, with what is wrong, where the file does not follow the schema of compose files
  await promisify(execFile)(process.execPath, [
    join(repository, 'node_modules/dclint/bin/dclint.cjs'),
    '--quiet',
    file,
  ])
  const { services } = parse(await readFile(file, 'utf8')) as {
    services: Record<string, { ports: string[]; command?: string }>
  }
  const ports = Object.values(services).flatMap((service) => service.ports)
  assert.ok(ports.every((port) => port.startsWith('127.0.0.1:')))
  for (const port of ['5432', '9092', '9200', '5601']) assert.ok(ports.includes(`127.0.0.1:${port}:${port}`))
  assert.match(services['postgres']!.command!, /wal_level=logical/)
})

test('every sample can be read, without anything to complain of', async () => {
  const samples = (await readdir(folder)).filter(
    (name) => /\.(env|yaml)$/.test(name) && name !== 'compose.yaml',
  )
  assert.ok(samples.length >= 6)
  for (const name of samples) {
    const flags = { config: join(folder, name) }
    assert.deepEqual(readConfig({ flags, environment: {} }).warnings, [], name)
  }
  const env = readConfig({
    flags: { config: join(folder, 'pg2kafka.env') },
    environment: {},
  })
  const yaml = readConfig({
    flags: { config: join(folder, 'pg2kafka.yaml') },
    environment: {},
  })
  for (const module of ['postgresListener', 'kafka', 'kafkaWriter'] as const) {
    assert.deepEqual(yaml.config[module], env.config[module])
  }
})

test('the sample in YAML runs', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const topic = `test-${randomBytes(6).toString('hex')}`
  await using made = { name: topic, [Symbol.asyncDispose]: () => deleteTopic(kafkaServers(), topic) }
  const env = {
    PGSTREAM_POSTGRES_LISTENER_URL: database.url,
    PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: made.name,
    PGSTREAM_OPS_ADDRESS: '127.0.0.1:0',
  }
  await using running = new RunningCommand(['run', '-c', join(folder, 'pg2kafka.yaml')], { env })
  await running.says(/writing to the topic/)
  await running.says(/serving status and metrics/)
  await running.says(/reading the replication slot/)
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.finished
  assert.equal(code, 0, stderr)
})
