// Loaded before a user's script: kills the process when its n-th appendFile has written and has not yet said so.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { appendFile } = fs
let left = Number(process.env.DIE_AFTER_APPENDS)
fs.appendFile = async (...args) => {
  await appendFile(...args)
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
