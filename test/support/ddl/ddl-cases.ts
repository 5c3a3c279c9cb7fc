import { readdir, readFile } from 'node:fs/promises'

/** Commands that change what tables are, or only look as if they did, with rows before and behind them. */
export interface DdlCase {
  readonly about: string
  /** `Postgres 18`, or the name of an extension. */
  readonly needs: string | undefined
  /** Each is sent as one query. ROLE in them stands for a role that owns nothing. */
  readonly queries: readonly string[]
}

/** Those of the files beside this one: a paragraph is a case, a line a query; blanks at its begin say that it goes on. */
export async function ddlCases(): Promise<DdlCase[]> {
  const folder = new URL('.', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))
  return texts.flatMap((text) =>
    text
      .trim()
      .split(/\n\n+/)
      .map((paragraph) => {
        const [head = '', ...queries] = paragraph.split(/\n(?! )/)
        const [, about = '', needs] = /^-- (.*?)(?: \(needs (.*)\))?$/.exec(head) ?? []
        return { about, needs, queries }
      }),
  )
}
