import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/**
 * Runs a POSIX shell script once: when disposed, and also when this process is gone, be it by SIGKILL. The script sees
 * `parameters` as `$1`, `$2`, …
 *
 * A shell in a session of its own (Ctrl-C in the terminal does not reach it) waits for the end of a pipe whose other
 * end only this process holds. It keeps no process alive that has nothing else to do.
 */
export function atTheEnd(script: string, parameters: readonly string[]): AsyncDisposable {
  const shell = spawn('sh', ['-c', `cat > /dev/null\n${script}`, 'watchdog', ...parameters], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  const pipe = shell.stdin as Socket
  pipe.on('error', () => undefined)
  shell.unref()
  pipe.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      if (shell.exitCode !== null || shell.signalCode !== null) return
      shell.ref()
      const exit = once(shell, 'exit')
      pipe.end()
      await exit
    },
  }
}
