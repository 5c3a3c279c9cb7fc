import { readFile } from 'node:fs/promises'

/** Alike from `src` and from `dist`. */
const folder = new URL('../../src/telemetry/status-page/', import.meta.url)

/** The page for people, in one piece: it asks for nothing but `/status` and `/history`. */
export async function statusPage(): Promise<string> {
  const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8')
  const [page, look, view] = await Promise.all(['page.html', 'look.css', 'view.js'].map(read))
  // functions, because a $ in what is put in would mean something
  return page!
    .replace('<link rel="stylesheet" href="look.css" />', () => `<style>\n${look!}</style>`)
    .replace('<script src="view.js"></script>', () => `<script>\n${view!}</script>`)
}
