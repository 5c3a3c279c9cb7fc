/** The settings of OpenSearch and Elasticsearch as a destination. */
export const searchModules = {
  searchStore: {
    title: 'search store',
    fields: {
      url: {
        name: 'PGSTREAM_SEARCH_STORE_URL',
        type: 'url',
        schemes: ['http', 'https'],
        about: 'OpenSearch or Elasticsearch; may hold user and password.',
      },
      username: {
        name: 'PGSTREAM_SEARCH_STORE_USERNAME',
        type: 'text',
        about: 'The user to log in as.',
      },
      password: {
        name: 'PGSTREAM_SEARCH_STORE_PASSWORD',
        type: 'text',
        secret: true,
        about: 'The password of that user.',
      },
      apiKey: {
        name: 'PGSTREAM_SEARCH_STORE_API_KEY',
        type: 'text',
        secret: true,
        about: 'An encoded API key, instead of user and password.',
      },
      caFile: {
        name: 'PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE',
        type: 'text',
        about: 'Certificates of the authorities to trust, in PEM form; those of Node.js if not set.',
      },
      certFile: {
        name: 'PGSTREAM_SEARCH_STORE_TLS_CLIENT_CERT_FILE',
        type: 'text',
        about: 'The certificate of this client, in PEM form.',
      },
      keyFile: {
        name: 'PGSTREAM_SEARCH_STORE_TLS_CLIENT_KEY_FILE',
        type: 'text',
        about: 'The private key of that certificate, in PEM form.',
      },
      expInitialInterval: {
        name: 'PGSTREAM_SEARCH_STORE_EXP_BACKOFF_INITIAL_INTERVAL',
        type: 'duration',
        default: '1s',
        about: 'The pause before what the store does not take for now is tried again, doubled each time.',
      },
      expMaxInterval: {
        name: 'PGSTREAM_SEARCH_STORE_EXP_BACKOFF_MAX_INTERVAL',
        type: 'duration',
        default: '1min',
        about: 'The longest such pause.',
      },
      expMaxRetries: {
        name: 'PGSTREAM_SEARCH_STORE_EXP_BACKOFF_MAX_RETRIES',
        type: 'integer',
        default: '0',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
      constantInterval: {
        name: 'PGSTREAM_SEARCH_STORE_BACKOFF_INTERVAL',
        type: 'duration',
        about: 'The same pause each time, instead of those three.',
      },
      constantMaxRetries: {
        name: 'PGSTREAM_SEARCH_STORE_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
    },
  },
  searchIndexer: {
    title: 'search processor',
    enabledBy: 'PGSTREAM_SEARCH_STORE_URL',
    fields: {
      indexPrefix: {
        name: 'PGSTREAM_SEARCH_INDEX_PREFIX',
        type: 'text',
        about:
          'The beginning of the names of all indices and aliases, where several databases share a store.',
      },
      indexGeneration: {
        name: 'PGSTREAM_SEARCH_INDEX_GENERATION',
        type: 'integer',
        min: 1,
        default: '1',
        about:
          'The end of the names of indices. Another one begins with empty indices, and takes over the aliases.',
      },
      shards: {
        name: 'PGSTREAM_SEARCH_INDEX_SHARDS',
        type: 'integer',
        min: 1,
        default: '1',
        about: 'Shards of an index that is made.',
      },
      replicas: {
        name: 'PGSTREAM_SEARCH_INDEX_REPLICAS',
        type: 'integer',
        default: '1',
        about: 'Replicas of an index that is made.',
      },
      deadLetters: {
        name: 'PGSTREAM_SEARCH_INDEXER_DEAD_LETTERS',
        type: 'choice',
        choices: ['keep', 'stop'],
        default: 'keep',
        about: 'What happens with a document that the store refuses: it is kept aside, or the stream ends.',
      },
      batchTimeout: {
        name: 'PGSTREAM_SEARCH_INDEXER_BATCH_TIMEOUT',
        type: 'duration',
        default: '1s',
        about: 'Taken, and never waited for: what has gathered is sent when the batch before it is stored.',
      },
      batchSize: {
        name: 'PGSTREAM_SEARCH_INDEXER_BATCH_SIZE',
        type: 'integer',
        min: 1,
        default: '6000',
        about: 'The most changes that are sent and confirmed at once, in up to three requests.',
      },
      batchBytes: {
        name: 'PGSTREAM_SEARCH_INDEXER_BATCH_BYTES',
        type: 'size',
        default: '15MiB',
        about: 'The most bytes that are sent and confirmed at once.',
      },
      maxQueueBytes: {
        name: 'PGSTREAM_SEARCH_INDEXER_MAX_QUEUE_BYTES',
        type: 'size',
        default: '100MiB',
        about: 'How much may wait to be sent before the source is made to wait.',
      },
      expInitialInterval: {
        name: 'PGSTREAM_SEARCH_INDEXER_CLEANUP_EXP_BACKOFF_INITIAL_INTERVAL',
        type: 'duration',
        about:
          'The pause before the removal of what was dropped is tried again, doubled each time; if no pause is set, the stream ends when it fails.',
      },
      expMaxInterval: {
        name: 'PGSTREAM_SEARCH_INDEXER_CLEANUP_EXP_BACKOFF_MAX_INTERVAL',
        type: 'duration',
        about: 'The longest such pause; a minute if not set.',
      },
      expMaxRetries: {
        name: 'PGSTREAM_SEARCH_INDEXER_CLEANUP_EXP_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
      constantInterval: {
        name: 'PGSTREAM_SEARCH_INDEXER_CLEANUP_BACKOFF_INTERVAL',
        type: 'duration',
        about: 'The same pause each time, instead of those three.',
      },
      constantMaxRetries: {
        name: 'PGSTREAM_SEARCH_INDEXER_CLEANUP_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more the stream ends; 0 is no limit.',
      },
    },
  },
} as const
