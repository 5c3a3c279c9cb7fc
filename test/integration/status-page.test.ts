import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { noBrowser, openBrowser } from '../support/browser.ts'
import { postgresServers } from '../support/postgres.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase } from '../support/source.ts'
import { StatusPage } from '../support/status-page.ts'

/** Of the browser, where the functions that are given to `evaluate` run. */
declare const document: { readonly body: unknown; readonly documentElement: { readonly scrollWidth: number } }
declare const getComputedStyle: (element: unknown) => { readonly backgroundColor: string }

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
    await using light = await StatusPage.open(browser, run)
    const { page } = light
    const shows = (expected: RegExp): Promise<void> => light.shows(expected)
    await shows(/● streaming/)
    await database.query(`insert into items select n, 'planted-row' from generate_series(1, 4321) n`)
    await shows(/4,32\d rows in/)
    await shows(/Tables: 1 done/)
    await database.query(`create table "<img src=x onerror=alert(1)>" (id int primary key)`)
    await shows(/public: <img src=x onerror=alert\(1\)>/)
    assert.notEqual(await page.getAttribute('#plots path.curve', 'd'), '', 'the first plot has a curve')
    assert.equal(await page.locator('#plots section:visible').count(), 6)

    await using dark = await StatusPage.open(browser, run, { width: 400, colorScheme: 'dark' })
    assert.ok((await dark.page.evaluate(() => document.documentElement.scrollWidth)) <= 400, 'it fits')
    assert.notEqual(await backgroundOf(dark.page), await backgroundOf(page))
    assert.deepEqual([...light.complaints, ...dark.complaints], [])

    run.child.kill('SIGKILL')
    await shows(/● gone[\s\S]*does not answer any more/)
  },
)
