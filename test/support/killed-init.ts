/** Runs `init` on the URL given and dies, as by kill -9, when it tells of its n-th step. */
import { init } from '../../src/postgres/init.ts'

const [url = '', steps = '1'] = process.argv.slice(2)
let told = 0
await init({
  url,
  report: ({ state }) => {
    if (state !== 'waiting') told += 1
    if (told === Number(steps)) process.kill(process.pid, 'SIGKILL')
  },
})
