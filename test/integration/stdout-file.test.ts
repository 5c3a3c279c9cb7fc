import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ChangesFile } from '../support/kill-loop/changes-file.ts'
import { KilledCommand } from '../support/kill-loop/killed-command.ts'
import { readLine } from '../support/kill-loop/written-line.ts'
import { postgresServers } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))
const [server] = postgresServers()
const rows = 3_000
/** Of 512 bytes each: a third of what there is to write. */
const blocks = 2_001

/** By a shell whose files can only become so large: as on a disk that becomes full, the last write is done in part. */
const runWithLittleSpace = (url: string, path: string): Promise<{ code: unknown; stderr: string }> =>
  new Promise((resolve) => {
    const command = `ulimit -f ${blocks}; exec '${process.execPath}' '${bin}' run --stdout --pgurl '${url}' >> '${path}'`
    execFile('sh', ['-c', command], { timeout: 60_000 }, (error, _stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stderr }),
    )
  })

test('a disk that becomes full ends run; nothing that is not in the file is confirmed, and the next start begins a new line', async () => {
  await using database = await preparedDatabase(server!, {
    before: (fresh) => fresh.query('create table t (id int primary key, body text)'),
  })
  await using folder = await temporaryFolder()
  const file = await ChangesFile.create(folder.file('changes.jsonl'))
  await database.query(`
    do $$ begin
      for id in 1 .. ${rows} loop
        insert into t values (id, repeat('x', 600));
        commit;
      end loop;
    end $$`)
  const { code, stderr } = await runWithLittleSpace(database.url, file.path)
  assert.equal(code, 1)
  assert.match(stderr, /PGSTREAM_SINK_FAILED.*Standard output cannot be written/)
  assert.equal(await file.size(), blocks * 512)

  const [last] = await database.query<{ xmin: string }>('select xmin::text from t where id = $1', [rows])
  await using command = await KilledCommand.start(database.url, file, 'file')
  await command.until(async () => (await file.lastXid()) === Number(last!.xmin), 'The last row')
  await command.stop()

  const ids = new Set<number | null>()
  let unreadable = 0
  for (const text of (await readFile(file.path, 'utf8')).trimEnd().split('\n')) {
    try {
      const { table, id } = readLine(text)
      if (table === 't') ids.add(id)
    } catch {
      unreadable++
    }
  }
  assert.equal(ids.size, rows)
  assert.ok(unreadable <= 1, `${unreadable} lines are not whole`)
})
