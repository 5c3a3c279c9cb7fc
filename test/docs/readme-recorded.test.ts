import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readmeBlocks, repository, runnableBlock, workFolder, writeScript } from '../support/readme.ts'

test('the script with a recorded stream in the README prints the rows of the recording', async () => {
  await using folder = await workFolder()
  await writeScript(folder.path, await runnableBlock('recordedListener'))
  const script = join(folder.path, 'script.mjs')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: repository })
  assert.equal(stderr, '')
  assert.match(stdout, /^customers \[ '\w{20}-1' \] \{ id: 1, name: 'Ann', email: 'ann@example\.com' \}\n/)
  assert.match(stdout, /\norders \[ '\w{20}-1' \] \{\n {2}id: 9007199254740993n,\n {2}customer_id: 1,/)
  assert.match(stdout, /\nbestsellers undefined \{ sku: 'tea', title: 'Tea' \}\n$/)
})

test('every script of the README that is marked as one is executed by a test', async () => {
  const executed = [await runnableBlock('postgresListener'), await runnableBlock('recordedListener')]
  assert.deepEqual(await readmeBlocks('ts run'), executed)
})
