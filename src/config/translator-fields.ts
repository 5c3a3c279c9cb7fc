/** The settings of the stage that adds ids and identities. */
export const translatorModules = {
  translator: {
    title: 'translator',
    enabledBy: 'a Postgres listener, unless PGSTREAM_TRANSLATOR_ENABLED=false; from Kafka, by a URL',
    fields: {
      enabled: {
        name: 'PGSTREAM_TRANSLATOR_ENABLED',
        type: 'booleanOrUrl',
        schemes: ['postgres', 'postgresql'],
        about: 'Whether rows get ids, identity and version: true, false, or the URL of the schema log.',
      },
      storeUrl: {
        name: 'PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL',
        type: 'url',
        schemes: ['postgres', 'postgresql'],
        about: 'The database with the schema log of the source; the source itself if not set.',
      },
    },
  },
} as const
