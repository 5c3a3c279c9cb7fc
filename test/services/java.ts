import { existsSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tryCommand } from './run-command.ts'

/** A Java with its compiler. */
export interface Jdk {
  readonly home: string
  readonly major: number
}

let found: Promise<Jdk[]> | undefined

/** Of those on this machine, the newest from one version to another; undefined where there is none. */
export async function findJdk(least: number, most = Infinity): Promise<Jdk | undefined> {
  found ??= findAll()
  const fitting = (await found).filter(({ major }) => major >= least && major <= most)
  return fitting.sort((a, b) => b.major - a.major)[0]
}

async function findAll(): Promise<Jdk[]> {
  const homes = [process.env['JAVA_HOME'], await homeOnPath(), ...(await listFolders('/usr/lib/jvm'))]
  const jdks: Jdk[] = []
  for (const home of new Set(homes)) {
    if (!home || !existsSync(join(home, 'bin/javac'))) continue
    const major = majorOf(await tryCommand(join(home, 'bin/java'), ['-version']))
    if (major !== undefined) jdks.push({ home, major })
  }
  return jdks
}

/** From what `java -version` prints. */
export function majorOf(said: string | undefined): number | undefined {
  const major = /version "(?:1\.)?(\d+)/.exec(said ?? '')?.[1]
  return major === undefined ? undefined : Number(major)
}

async function homeOnPath(): Promise<string | undefined> {
  const javac = (await tryCommand('sh', ['-c', 'command -v javac']))?.trim()
  return javac ? dirname(dirname(await realpath(javac))) : undefined
}

async function listFolders(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => [])
  return names.map((name) => join(parent, name))
}
