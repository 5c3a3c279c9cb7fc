import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { noBrowser, openBrowser } from '../support/browser.ts'
import { keepOutput } from '../support/kept-output.ts'
import { postgresServers } from '../support/postgres.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

/** Of the browser, where the functions that are given to `evaluate` run. */
declare const document: { readonly body: unknown; readonly documentElement: { readonly scrollWidth: number } }
declare const getComputedStyle: (element: unknown) => { readonly backgroundColor: string }

/** The page, and what went wrong in it. */
async function openPage(
  browser: Browser,
  run: RunningOps,
  look: { width: number; colorScheme: 'light' | 'dark' },
): Promise<{ page: Page; complaints: string[] }> {
  const { width, colorScheme } = look
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(run.url) && !request.url().startsWith('data:'))
      complaints.push(request.url())
  })
  page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`))
  page.setDefaultTimeout(60_000)
  await page.goto(run.url)
  await eventually(async () => Number(await page.getAttribute('body', 'data-updates')) >= 2, {
    timeoutMs: 60_000,
  })
  return { page, complaints }
}

const backgroundOf = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor)

test(
  'the status page in a real browser: live, without a complaint, in the dark and on a phone',
  { skip: noBrowser },
  async () => {
    await using database = await preparedDatabase(postgresServers()[0]!, {
      before: (db) =>
        db.query(
          'create table items (id int primary key, note text); insert into items values (0, $$planted-old$$)',
        ),
    })
    await using run = await RunningOps.start(['--stdout', '--backfill', '--pgurl', database.url])
    await using browser = await openBrowser()
    const { page, complaints } = await openPage(browser, run, { width: 1200, colorScheme: 'light' })
    const text = (): Promise<string> => page.innerText('body')
    const shows = (expected: RegExp): Promise<true> =>
      eventually(
        async () => {
          assert.match(await text(), expected)
          return true as const
        },
        { every: 200, timeoutMs: 60_000, about: String(expected) },
      )
    await shows(/● streaming/)
    await database.query(`insert into items select n, 'planted-row' from generate_series(1, 4321) n`)
    await shows(/4,32\d rows in/)
    await shows(/Tables: 1 done/)
    await database.query(`create table "<img src=x onerror=alert(1)>" (id int primary key)`)
    await shows(/public: <img src=x onerror=alert\(1\)>/)
    assert.notEqual(await page.getAttribute('#plots path.curve', 'd'), '', 'the first plot has a curve')
    assert.equal(await page.locator('#plots section:visible').count(), 6)

    const dark = await openPage(browser, run, { width: 400, colorScheme: 'dark' })
    assert.ok((await dark.page.evaluate(() => document.documentElement.scrollWidth)) <= 400, 'it fits')
    assert.notEqual(await backgroundOf(dark.page), await backgroundOf(page))
    assert.deepEqual([...complaints, ...dark.complaints], [])

    keepOutput('status-page', await page.content())
    run.child.kill('SIGKILL')
    await shows(/● gone[\s\S]*does not answer any more/)
  },
)
