import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import kafkajs from 'kafkajs'
import type { AclEntry } from 'kafkajs'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import type { KafkaConnectionOptions } from '../../src/kafka/kafka-connection.ts'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import type { KafkaBroker } from '../services/kafka-broker.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { startKafka, temporaryTopic } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import { readTopic } from '../support/read-topic.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

describe('a broker with access rights', () => {
  let broker: KafkaBroker
  before(async () => {
    broker = await startKafka({
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // whoever comes without a login: the tests themselves
        'super.users': 'User:ANONYMOUS',
      },
    })
  })
  after(async () => broker[Symbol.asyncDispose]())

  const login = (): KafkaConnectionOptions => {
    const { address, username, password } = broker.servers
    return { servers: address.SASL_PLAINTEXT, sasl: { mechanism: 'plain', username, password } }
  }

  async function allow(
    what: Pick<AclEntry, 'resourceType' | 'resourceName' | 'resourcePatternType'>,
  ): Promise<void> {
    const admin = kafkaClient(broker.servers).admin()
    await admin.connect()
    const acl = {
      ...what,
      principal: `User:${broker.servers.username}`,
      host: '*',
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.ALLOW,
    }
    await admin.createAcls({ acl: [acl] }).finally(() => admin.disconnect())
  }

  const allowed = (resourceType: number, resourceName: string): Promise<void> =>
    allow({ resourceType, resourceName, resourcePatternType: ResourcePatternTypes.LITERAL })

  test('a topic that may not be written is told; a transactional id that may not be used is a warning, and rows arrive', async () => {
    const { servers } = broker
    await using database = await preparedDatabase(postgresServers()[0]!)
    await using topic = await temporaryTopic({ servers })
    const { logger, lines } = heardLogger()
    const open = (): ReturnType<typeof openStream> =>
      openStream(database, {
        processor: (checkpointer) =>
          kafkaWriter({
            ...login(),
            topic: topic.name,
            transactionalId: 'pgstream/here',
            checkpointer,
            logger,
          }),
      })
    await database.query('create table t (id int primary key)')
    {
      await using stream = open()
      await assert.rejects(stream.ended, { code: 'PGSTREAM_KAFKA_REFUSED' })
    }
    await allowed(AclResourceTypes.TOPIC, topic.name)
    const warnings = (): string[] =>
      lines.flatMap(({ message }) => (message.includes('Writing without') ? [message] : []))
    {
      await using stream = open()
      await stream.changesOf('insert into t select generate_series(1, 100)')
      await stream.stop()
    }
    assert.equal(warnings().length, 1)
    assert.match(warnings()[0]!, /"pgstream\/here" failed: .*Allow the id/)
    await allow({
      resourceType: AclResourceTypes.TRANSACTIONAL_ID,
      resourceName: 'pgstream/',
      resourcePatternType: ResourcePatternTypes.PREFIXED,
    })
    {
      await using stream = open()
      await stream.changesOf('insert into t select generate_series(101, 200)')
      await stream.stop()
    }
    assert.equal(warnings().length, 1, 'none more')
    const rows = (await readTopic(topic.name, servers)).filter(({ value }) => value!.includes('"table":"t"'))
    assert.equal(rows.length, 200)
  })

  test('so is a group that may not be used, and a topic that may not be read', async () => {
    const { servers } = broker
    await using topic = await temporaryTopic({ servers })
    const read = (): Promise<void> => {
      const listener = kafkaListener({ ...login(), topic: topic.name, groupId: 'of-somebody' })
      const processor = checkpointed(faultySink().writable(), listener.checkpointer)
      return runPipeline({ listener, processor })
    }
    await assert.rejects(read(), { code: 'PGSTREAM_KAFKA_REFUSED', message: /[Tt]opic/ })
    await allowed(AclResourceTypes.TOPIC, topic.name)
    await assert.rejects(read(), { code: 'PGSTREAM_KAFKA_REFUSED', message: /[Gg]roup/ })
  })
})
