import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

/** Where Debian's packages put it; the smaller one is enough. */
const places = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

/** Why there is no browser, for `skip`; on CI there must be one. */
export const noBrowser: string | false =
  places.some((place) => existsSync(place)) || process.env['CI'] === 'true'
    ? false
    : 'there is no Chromium: apt-get install chromium-headless-shell'

/** A real Chromium without a window. Disposing ends it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = places.find((place) => existsSync(place)) ?? places[0]!
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args: [...asRoot, '--disable-dev-shm-usage'] })
}
