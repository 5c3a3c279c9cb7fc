/** The settings of both ways: a topic that is read, and one that is written. */
export const kafkaModules = {
  kafka: {
    title: 'Kafka',
    fields: {
      servers: {
        name: 'PGSTREAM_KAFKA_SERVERS',
        type: 'list',
        about: 'The Kafka servers, host:port each; one that answers is enough.',
      },
      topic: {
        name: 'PGSTREAM_KAFKA_TOPIC_NAME',
        type: 'text',
        about: 'The topic that is written, or read if there is a consumer group.',
      },
      topicPartitions: {
        name: 'PGSTREAM_KAFKA_TOPIC_PARTITIONS',
        type: 'integer',
        min: 1,
        default: '1',
        about: 'Partitions of a topic that is made.',
      },
      replicationFactor: {
        name: 'PGSTREAM_KAFKA_TOPIC_REPLICATION_FACTOR',
        type: 'integer',
        min: 1,
        default: '1',
        about: 'Replicas of a topic that is made.',
      },
      autoCreate: {
        name: 'PGSTREAM_KAFKA_TOPIC_AUTO_CREATE',
        type: 'boolean',
        default: 'false',
        about: 'Make the topic that is written when it is not there.',
      },
      clientId: {
        name: 'PGSTREAM_KAFKA_CLIENT_ID',
        type: 'text',
        default: 'pgstream',
        about: 'What the servers see in their logs and quotas.',
      },
      tls: {
        name: 'PGSTREAM_KAFKA_TLS_ENABLED',
        type: 'boolean',
        default: 'false',
        about: 'Connect by TLS.',
      },
      caFile: {
        name: 'PGSTREAM_KAFKA_TLS_CA_CERT_FILE',
        type: 'text',
        about: 'Certificates of the authorities to trust, in PEM form; those of the system if not set.',
      },
      certFile: {
        name: 'PGSTREAM_KAFKA_TLS_CLIENT_CERT_FILE',
        type: 'text',
        about: 'The certificate of this client, in PEM form.',
      },
      keyFile: {
        name: 'PGSTREAM_KAFKA_TLS_CLIENT_KEY_FILE',
        type: 'text',
        about: 'The private key of that certificate, in PEM form.',
      },
      saslMechanism: {
        name: 'PGSTREAM_KAFKA_SASL_MECHANISM',
        type: 'choice',
        choices: ['plain', 'scram-sha-256', 'scram-sha-512'],
        about: 'How to log in; not at all if not set.',
      },
      saslUsername: {
        name: 'PGSTREAM_KAFKA_SASL_USERNAME',
        type: 'text',
        about: 'The user to log in as.',
      },
      saslPassword: {
        name: 'PGSTREAM_KAFKA_SASL_PASSWORD',
        type: 'text',
        secret: true,
        about: 'The password of that user.',
      },
    },
  },
  kafkaListener: {
    title: 'Kafka listener',
    enabledBy: 'PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID and PGSTREAM_KAFKA_TOPIC_NAME',
    fields: {
      groupId: {
        name: 'PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID',
        type: 'text',
        about: 'The consumer group to read as: members of one share the partitions.',
      },
      startOffset: {
        name: 'PGSTREAM_KAFKA_READER_CONSUMER_GROUP_START_OFFSET',
        type: 'choice',
        choices: ['earliest', 'latest'],
        default: 'earliest',
        about: 'Where a group begins that has committed nothing yet.',
      },
      sessionTimeoutMs: {
        name: 'PGSTREAM_KAFKA_READER_SESSION_TIMEOUT',
        type: 'duration',
        default: '30s',
        about:
          'A member that is silent for so long loses its partitions; after a kill, the others wait as long.',
      },
      expInitialInterval: {
        name: 'PGSTREAM_KAFKA_COMMIT_EXP_BACKOFF_INITIAL_INTERVAL',
        type: 'duration',
        about:
          'The pause before a commit of offsets that failed is tried again, doubled each time; if no pause is set, it is tried for as long as Kafka is away.',
      },
      expMaxInterval: {
        name: 'PGSTREAM_KAFKA_COMMIT_EXP_BACKOFF_MAX_INTERVAL',
        type: 'duration',
        about: 'The longest such pause; a minute if not set.',
      },
      expMaxRetries: {
        name: 'PGSTREAM_KAFKA_COMMIT_EXP_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
      constantInterval: {
        name: 'PGSTREAM_KAFKA_COMMIT_BACKOFF_INTERVAL',
        type: 'duration',
        about: 'The same pause each time, instead of those three.',
      },
      constantMaxRetries: {
        name: 'PGSTREAM_KAFKA_COMMIT_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
    },
  },
  kafkaWriter: {
    title: 'Kafka processor',
    enabledBy:
      'PGSTREAM_KAFKA_TOPIC_NAME, or PGSTREAM_KAFKA_WRITER_TOPIC_NAME where Kafka is also the listener',
    fields: {
      topic: {
        name: 'PGSTREAM_KAFKA_WRITER_TOPIC_NAME',
        type: 'text',
        about: 'The topic that is written, where another one is read.',
      },
      key: {
        name: 'PGSTREAM_KAFKA_WRITER_PARTITION_KEY',
        type: 'choice',
        choices: ['schema', 'table', 'primary_key'],
        default: 'schema',
        about: 'What keeps its order: changes of one schema, of one table or of one row.',
      },
      compression: {
        name: 'PGSTREAM_KAFKA_WRITER_COMPRESSION',
        type: 'choice',
        choices: ['none', 'gzip'],
        default: 'none',
        about: 'How batches are compressed.',
      },
      oversize: {
        name: 'PGSTREAM_KAFKA_WRITER_OVERSIZE',
        type: 'choice',
        choices: ['stop', 'dead-letter'],
        default: 'stop',
        about: 'What happens with a change that is larger than the topic takes.',
      },
      batchTimeout: {
        name: 'PGSTREAM_KAFKA_WRITER_BATCH_TIMEOUT',
        type: 'duration',
        default: '1s',
        about: 'Taken, and never waited for: what has gathered is sent when the batch before it is stored.',
      },
      batchBytes: {
        name: 'PGSTREAM_KAFKA_WRITER_BATCH_BYTES',
        type: 'size',
        default: '1000000',
        about: 'The most bytes of one request.',
      },
      batchSize: {
        name: 'PGSTREAM_KAFKA_WRITER_BATCH_SIZE',
        type: 'integer',
        min: 1,
        default: '10000',
        about: 'The most changes that are sent and confirmed at once.',
      },
      maxQueueBytes: {
        name: 'PGSTREAM_KAFKA_WRITER_MAX_QUEUE_BYTES',
        type: 'size',
        default: '100MiB',
        about: 'How much may wait to be sent before the source is made to wait.',
      },
    },
  },
} as const
