/** The settings of Postgres as a source. */
export const postgresModules = {
  postgresListener: {
    title: 'Postgres listener',
    enabledBy: 'PGSTREAM_POSTGRES_LISTENER_URL, PGSTREAM_PGURL or --pgurl',
    fields: {
      url: {
        name: 'PGSTREAM_POSTGRES_LISTENER_URL',
        type: 'url',
        schemes: ['postgres', 'postgresql'],
        about: 'The database whose changes are read.',
      },
      slotName: {
        name: 'PGSTREAM_POSTGRES_LISTENER_SLOT_NAME',
        type: 'text',
        about: 'The replication slot; pgstream_<database>_slot if not set.',
        flag: 'slot-name',
        placeholder: 'NAME',
      },
      maxRetainedWal: {
        name: 'PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL',
        type: 'size',
        default: '10GiB',
        about:
          'How much WAL the slot may make the server keep: warnings come at 50, 80 and 95 % of it, or of max_slot_wal_keep_size if that is less.',
      },
      backfill: {
        name: 'PGSTREAM_POSTGRES_LISTENER_BACKFILL',
        type: 'boolean',
        default: 'false',
        about:
          'Let the rows that are there already come, too, of every table for which that was not done before.',
        flag: 'backfill',
      },
    },
  },
} as const
