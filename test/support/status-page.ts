import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { noBrowser, openBrowser } from './browser.ts'
import { keepOutput } from './kept-output.ts'
import type { RunningOps } from './running-ops.ts'
import { eventually } from './wait.ts'

export interface PageLook {
  readonly width: number
  readonly colorScheme: 'light' | 'dark'
}

/** The page of a running pgstream as somebody sees it. */
export class StatusPage implements AsyncDisposable {
  readonly page: Page
  /** What went wrong in it. */
  readonly complaints: string[] = []
  readonly #own: Browser | null

  /** In a browser of its own; null where there is none. */
  static async openAlone(run: RunningOps): Promise<StatusPage | null> {
    if (noBrowser) return null
    const browser = await openBrowser()
    try {
      return await StatusPage.open(browser, run, undefined, browser)
    } catch (error) {
      await browser.close()
      throw error
    }
  }

  static async open(
    browser: Browser,
    run: RunningOps,
    { width, colorScheme }: PageLook = { width: 1200, colorScheme: 'light' },
    own: Browser | null = null,
  ): Promise<StatusPage> {
    const opened = new StatusPage(
      await browser.newPage({ viewport: { width, height: 900 }, colorScheme }),
      run,
      own,
    )
    const { page } = opened
    page.setDefaultTimeout(60_000)
    await page.goto(run.url)
    await eventually(async () => Number(await page.getAttribute('body', 'data-updates')) >= 2, {
      timeoutMs: 60_000,
    })
    return opened
  }

  private constructor(page: Page, run: RunningOps, own: Browser | null) {
    this.page = page
    this.#own = own
    const { complaints } = this
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(run.url) && !request.url().startsWith('data:'))
        complaints.push(request.url())
    })
    page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`))
  }

  async shows(expected: RegExp): Promise<void> {
    await eventually(
      async () => {
        assert.match(await this.page.innerText('body'), expected)
        return true
      },
      { every: 200, timeoutMs: 60_000, about: String(expected) },
    )
    keepOutput('status-page', await this.page.content())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#own ?? this.page).close()
  }
}
