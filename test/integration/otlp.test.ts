import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { RunningCommand } from '../support/command.ts'
import { keepOutput } from '../support/kept-output.ts'
import { postgresServers } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

/** The part of OTLP's JSON that is looked at here. */
interface Point {
  readonly timeUnixNano: string
  readonly startTimeUnixNano: string
  readonly asDouble?: number
  readonly asInt?: string | number
  readonly count?: string | number
  readonly bucketCounts?: readonly (string | number)[]
  readonly explicitBounds?: readonly number[]
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[]
}

interface Metric {
  readonly name: string
  readonly unit: string
  readonly gauge?: { readonly dataPoints: readonly Point[] }
  readonly sum?: {
    readonly dataPoints: readonly Point[]
    readonly aggregationTemporality: number
    readonly isMonotonic: boolean
  }
  readonly histogram?: { readonly dataPoints: readonly Point[]; readonly aggregationTemporality: number }
}

interface Request {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] }
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string }
      readonly metrics: readonly Metric[]
    }[]
  }[]
}

async function read(request: IncomingMessage): Promise<readonly Metric[]> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts)
  keepOutput('otlp', body)
  const { resourceMetrics } = JSON.parse(body.toString()) as Request
  for (const { resource } of resourceMetrics) {
    const name = resource.attributes.find(({ key }) => key === 'service.name')
    assert.equal(name?.value.stringValue, 'pgstream-shop')
  }
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  )
  for (const metric of metrics) judge(metric)
  return metrics
}

/** What a collector relies on. */
function judge({ name, gauge, sum, histogram }: Metric): void {
  assert.match(name, /^pgstream\.[a-z_.-]+$/)
  const kinds = [gauge, sum, histogram].filter((kind) => kind !== undefined)
  assert.equal(kinds.length, 1, `${name} is of one kind`)
  if (sum) assert.deepEqual([sum.aggregationTemporality, sum.isMonotonic], [2, true], name)
  for (const point of kinds[0]!.dataPoints) {
    assert.match(String(point.timeUnixNano), /^\d{19}$/, name)
    if (!histogram) assert.ok(Number.isFinite(Number(point.asDouble ?? point.asInt)), name)
    else {
      assert.equal(point.bucketCounts!.length, point.explicitBounds!.length + 1, name)
      const inBuckets = point.bucketCounts!.reduce<number>((total, count) => total + Number(count), 0)
      assert.equal(inBuckets, Number(point.count), name)
    }
  }
}

test('metrics are sent to an OTLP collector, by the names of the Go version, also the last before the end', async () => {
  const seen = new Map<string, Metric>()
  const failures: unknown[] = []
  const collector = createServer((request, response) => {
    read(request).then(
      (metrics) => {
        assert.equal(request.method, 'POST')
        assert.equal(request.url, '/v1/metrics')
        assert.equal(request.headers['content-type'], 'application/json')
        assert.equal(request.headers['x-key'], 'hush')
        assert.equal(request.headers.authorization, 'Bearer hush')
        for (const metric of metrics) seen.set(metric.name, metric)
        response.setHeader('content-type', 'application/json').end('{}')
      },
      (error: unknown) => {
        failures.push(error)
        response.writeHead(400).end()
      },
    )
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const { port } = collector.address() as AddressInfo
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: (db) => db.query('create table items (id int primary key)'),
  })
  const env = {
    PGSTREAM_METRICS_OTLP_URL: `http://127.0.0.1:${port}/v1/metrics`,
    PGSTREAM_METRICS_OTLP_INTERVAL: '1s',
    PGSTREAM_METRICS_OTLP_HEADERS: 'x-key=hush,Authorization=Bearer%20hush',
    OTEL_SERVICE_NAME: 'pgstream-shop',
  }
  try {
    await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url], { env })
    const rows = (): number => {
      const points = seen.get('pgstream.events')?.sum?.dataPoints ?? []
      const point = points.find(({ attributes }) =>
        attributes.some(({ value }) => value.stringValue === 'row'),
      )
      return Number(point?.asDouble ?? point?.asInt ?? 0)
    }
    await database.query('insert into items select generate_series(1, 10)')
    await eventually(() => assert.equal(rows(), 10))
    await eventually(() => seen.get('pgstream.replication.lag')?.gauge !== undefined)
    await database.query('insert into items select generate_series(11, 13)')
    await eventually(() =>
      assert.equal(run.lines.filter((line) => line.includes('"items"')).length >= 13, true),
    )
    run.child.kill('SIGTERM')
    const { code, stderr } = await run.finished
    assert.equal(code, 0, stderr)
    assert.equal(rows(), 13, 'the last export is not lost')
    assert.ok(seen.get('pgstream.stdout-writer.processing.lag')?.histogram)
    assert.ok(seen.get('pgstream.stdout-writer.processing.latency')?.histogram)
    assert.deepEqual(failures, [])
    assert.doesNotMatch(stderr, /hush/)
  } finally {
    collector.close()
  }
})

test('a collector that is away is told once, and changes nothing', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const env = {
    PGSTREAM_METRICS_OTLP_URL: 'http://me:hush@127.0.0.1:1/v1/metrics',
    PGSTREAM_METRICS_OTLP_INTERVAL: '1s',
  }
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url], { env })
  await run.says(/"level":"warn".*"msg":"metrics: /)
  run.child.kill('SIGTERM')
  const { code, stderr } = await run.finished
  assert.equal(code, 0, stderr)
  assert.doesNotMatch(stderr, /hush/)
})
