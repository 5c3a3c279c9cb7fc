import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/**
 * Ends the process that it was last told of, and removes the folder. A read that gives nothing more means that it was
 * asked to, or that whoever asked is gone. A zombie still counts as a process, hence no wait is endless.
 */
const script = `
trap '' INT TERM HUP
group=
while read -r word; do group=$word; done
alive() { [ -n "$group" ] && kill -s 0 -- "-$group" 2> /dev/null; }
if alive; then
  kill -s QUIT -- "-$group"
  for i in 1 1 1 2 2 2 3 3 5 5 9 9 9; do alive || break; sleep 0.$i; done
  alive && kill -s KILL -- "-$group"
fi
for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && break; sleep 0.$i; done
`

/** Whatever happens to us, also SIGKILL: the server ends and its folder goes. Disposing does that and waits for it. */
export interface LastWill extends AsyncDisposable {
  /** To be called in the tick in which the process was made; it must lead a group. Only the last one counts. */
  ends(child: ChildProcess): void
}

/**
 * A shell in a session of its own (Ctrl-C in the terminal does not reach it) waits for the end of a pipe whose other
 * end this process alone holds: the system closes it when the process dies.
 */
export function lastWill(folder: string): LastWill {
  const shell = spawn('sh', ['-c', script, 'pgstream-demo', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  const pipe = shell.stdin as Socket
  pipe.on('error', () => undefined)
  let failed = false
  shell.on('error', () => (failed = true))
  return {
    ends: (child) => {
      const { pid } = child
      if (pid === undefined) return
      pipe.write(`${pid}\n`)
      // or, much later, somebody else's process of the same number would be ended
      child.once('exit', () => pipe.writable && pipe.write('\n'))
    },
    [Symbol.asyncDispose]: async () => {
      if (failed || shell.exitCode !== null || shell.signalCode !== null) return
      const exit = once(shell, 'exit')
      pipe.end()
      await exit
    },
  }
}
