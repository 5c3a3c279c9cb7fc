import { spec } from 'node:test/reporters'

const counts = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

/** node's spec reporter, with the summary after the list of failures: the last lines of a run say how it went. */
export default async function* summaryLast(source) {
  const summary = []
  const reporter = new spec()
  const feed = async () => {
    for await (const event of source) {
      const { message, nesting } = event.data ?? {}
      if (event.type === 'test:diagnostic' && nesting === 0 && counts.test(message))
        summary.push(`ℹ ${message}\n`)
      else if (!reporter.write(event)) await new Promise((resolve) => reporter.once('drain', resolve))
    }
    reporter.end()
  }
  const fed = feed()
  yield* reporter
  await fed
  yield summary.join('')
}
