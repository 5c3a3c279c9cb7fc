/** The settings of webhooks. */
export const webhookModules = {
  webhookNotifier: {
    title: 'webhook processor',
    enabledBy: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL',
    fields: {
      storeUrl: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL',
        type: 'url',
        schemes: ['postgres', 'postgresql'],
        about: 'The database that keeps subscriptions and dead letters; the one that is read, or another.',
      },
      cacheEnabled: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_CACHE_ENABLED',
        type: 'boolean',
        default: 'true',
        about:
          'Taken, and without effect: subscriptions are always kept in memory, and changes of them are told.',
      },
      cacheRefreshInterval: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_CACHE_REFRESH_INTERVAL',
        type: 'duration',
        default: '60s',
        about: 'How often they are read anew, for changes that could not be told.',
      },
      maxQueueBytes: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_MAX_QUEUE_BYTES',
        type: 'size',
        default: '100MiB',
        about: 'How much may wait to be sent, or be under way, before the source is made to wait.',
      },
      workerCount: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_WORKER_COUNT',
        type: 'integer',
        min: 1,
        default: '10',
        about: 'The most requests at once to one URL.',
      },
      clientTimeout: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_CLIENT_TIMEOUT',
        type: 'duration',
        default: '10s',
        about: 'How long a receiver may take to answer.',
      },
      expInitialInterval: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_EXP_BACKOFF_INITIAL_INTERVAL',
        type: 'duration',
        default: '1s',
        about:
          'The longest pause before a notification is sent again for the first time; it is doubled each time.',
      },
      expMaxInterval: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_EXP_BACKOFF_MAX_INTERVAL',
        type: 'duration',
        default: '30s',
        about: 'The longest pause there is, also for a receiver that asks for a longer one.',
      },
      expMaxRetries: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_EXP_BACKOFF_MAX_RETRIES',
        type: 'integer',
        default: '8',
        about:
          'After so many attempts more it is kept among the dead letters; 0 is no limit: then a receiver that is away holds up the stream.',
      },
      constantInterval: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_BACKOFF_INTERVAL',
        type: 'duration',
        about: 'The same pause each time, instead of those three.',
      },
      constantMaxRetries: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_BACKOFF_MAX_RETRIES',
        type: 'integer',
        about: 'After so many attempts more it is kept among the dead letters; 0 is no limit.',
      },
      allowedTargets: {
        name: 'PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS',
        type: 'list',
        about:
          'What may be sent to although it is not of the public internet: names (hooks.internal, *.internal), addresses, ranges (10.1.0.0/16).',
      },
      serverAddress: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS',
        type: 'text',
        default: 'localhost:9900',
        about: 'Where receivers subscribe, host:port; without a host, this machine only.',
      },
      serverToken: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_TOKEN',
        type: 'text',
        secret: true,
        about: 'What they have to send as bearer token; needed where other machines can reach the address.',
      },
      serverReadTimeout: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_READ_TIMEOUT',
        type: 'duration',
        default: '5s',
        about: 'How long a request may take to arrive.',
      },
      serverWriteTimeout: {
        name: 'PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_WRITE_TIMEOUT',
        type: 'duration',
        default: '10s',
        about: 'How long an answer may take to be given and read.',
      },
    },
  },
} as const
