#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) {
  const { runMain } = await import(main.href)
  process.exitCode = await runMain(process.argv.slice(2))
} else {
  process.stderr.write(
    'error: pgstream is not built.\nremedy: Run npm ci (or npm run build) in its folder.\n',
  )
  process.exitCode = 1
}
