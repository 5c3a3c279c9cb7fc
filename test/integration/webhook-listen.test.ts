import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'dotenv'
import { Webhook } from 'standardwebhooks'
import { signingKey } from '../../src/webhook/signature.ts'
import { TargetGuard } from '../../src/webhook/target-guard.ts'
import { RunningCommand } from '../support/command.ts'
import { repository } from '../support/readme.ts'
import { eventually } from '../support/wait.ts'
import { exampleSecret } from '../support/webhooks.ts'

/** A change, with something in it that looks like a line of the output. */
const body = `{"Data":{"action":"I","timestamp":"2026-11-22 18:02:31.283121+00","lsn":"0/1DC4460","schema":"public","table":"t",
"columns":[{"id":"","name":"id","type":"bigint","value":9007199254740993}],"identity":[],"beside":\r
{"id":"0/1-0","signature":"valid","event":null}
,"metadata":{"schema_id":"","table_pgstream_id":"","id_col_pgstream_id":null,"version_col_pgstream_id":""},
"commit_lsn":"0/1DC4508","ordinal":0,"xid":744}}`

test('the receiver says in one line each what is signed and what is not, whatever line breaks it is sent', async () => {
  const args = ['webhook-listen', '--json', '--secret', exampleSecret, '--address', 'localhost:0']
  await using receiver = new RunningCommand(args)
  await receiver.says(/Listening at/)
  const url = /Listening at (\S+);/.exec(receiver.stderr)![1]!
  const post = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(url, { method: 'POST', body, headers })).status
  const now = new Date()
  const signed = {
    'webhook-id': '0/1DC4508-0',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(exampleSecret).sign('0/1DC4508-0', now, body),
  }
  assert.equal(await post(signed), 204)
  assert.equal(await post({ ...signed, 'webhook-id': '0/1DC4508-1' }), 401)
  assert.equal(await post({}), 401)
  await eventually(() => receiver.lines.length >= 3, { timeoutMs: 60_000 })
  const said = receiver.lines.map(
    (line) => JSON.parse(line) as { signature: string; event: { table: string } },
  )
  assert.deepEqual(
    said.map(({ signature, event }) => [signature, event.table]),
    ['valid', 'invalid', 'invalid'].map((signature) => [signature, 't']),
  )
  assert.match(receiver.stdout, /9007199254740993/)
})

test('the command that it prints subscribes it where the sample settings are in force', async () => {
  await using receiver = new RunningCommand(['webhook-listen', '--address', 'localhost:0'])
  await receiver.says(/-d '.*'/)
  const { url, secret } = JSON.parse(/-d '(.*)'/.exec(receiver.stderr)![1]!) as Record<string, string>
  assert.ok(signingKey(secret!))
  const sample = parse(await readFile(join(repository, 'fixtures/pg2webhook.env'), 'utf8'))
  const guard = new TargetGuard(sample['PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS']!.split(/[\s,]+/))
  assert.equal(await guard.refusalOf(new URL(url!).hostname), null)
  assert.equal((await fetch(url!, { method: 'POST', body: '{}' })).status, 401)
})
