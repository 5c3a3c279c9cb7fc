/** The settings of what can be seen of a running stream. */
export const telemetryModules = {
  telemetry: {
    title: 'watching a stream',
    fields: {
      opsAddress: {
        name: 'PGSTREAM_OPS_ADDRESS',
        type: 'address',
        about:
          'Where run serves its state for people and probes (/, /health, /ready, /status, /metrics), such as 127.0.0.1:9910 or just :9910; nowhere if not set. status asks there.',
        flag: 'ops-address',
        placeholder: 'HOST:PORT',
      },
      stallAfter: {
        name: 'PGSTREAM_OPS_STALL_AFTER',
        type: 'duration',
        default: '10s',
        about:
          'A processor that has something to deliver and delivers nothing for so long makes /ready say no.',
      },
      otlpUrl: {
        name: 'PGSTREAM_METRICS_OTLP_URL',
        type: 'url',
        schemes: ['http', 'https'],
        about: 'Where OpenTelemetry metrics are sent to by HTTP, such as http://localhost:4318/v1/metrics.',
      },
      otlpInterval: {
        name: 'PGSTREAM_METRICS_OTLP_INTERVAL',
        type: 'duration',
        default: '15s',
        about: 'How often they are sent.',
      },
      otlpHeaders: {
        name: 'PGSTREAM_METRICS_OTLP_HEADERS',
        type: 'list',
        secret: true,
        about:
          'Headers to send with them, name=value each; a blank or comma in a value is written %20 or %2C.',
      },
    },
  },
} as const
