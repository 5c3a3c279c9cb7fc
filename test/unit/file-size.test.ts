import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))
const limit = 300
/** Ends with the decisions, and only grows. */
const exempt = join(top, 'src/README.md')

for (const folder of ['src', 'bin', 'migrations', 'test']) {
  test(`no file in ${folder} has more than ${limit} lines`, async () => {
    const entries = await readdir(join(top, folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    assert.ok(files.length > 0, `${folder} is empty`)
    const sizes = await Promise.all(
      files.map(async (file) => ({ file, lines: (await readFile(file, 'utf8')).split('\n').length - 1 })),
    )
    assert.deepEqual(
      sizes.filter(({ file, lines }) => lines > limit && file !== exempt),
      [],
    )
  })
}
