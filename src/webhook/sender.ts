import type { HttpAnswer, HttpConnection } from './http-answer.ts'
import type { Work } from './lanes.ts'
import { notificationHeaders } from './notification.ts'
import type { Notification } from './notification.ts'
import { outcomeOf, outcomeOfError } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import type { Pace } from './permits.ts'
import type { Share } from './share.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * One connection of an endpoint, and what is sent on it: one notification at a time, attempt after attempt. It is made once; what
 * an attempt needs is put into it, because thousands of closures a second would be as much work as what they do.
 */
export class Sender {
  readonly #connection: HttpConnection
  readonly #share: Share
  readonly #path: string
  #work: Work<Notification> | null = null
  #keys: readonly SigningKey[] = []
  #whenOver: (sender: this, outcome: Outcome) => void = () => undefined
  #pace: Pace = 'slow'
  #askedAt = 0
  /** When the notification came up. */
  startedAt = 0

  constructor(connection: HttpConnection, share: Share, path: string) {
    this.#connection = connection
    this.#share = share
    this.#path = path
  }

  /** Takes something to do, from now on. */
  begin(work: Work<Notification>): void {
    this.#work = work
    this.startedAt = performance.now()
  }

  get work(): Work<Notification> {
    return this.#work!
  }

  /** Lets go of what it had to do. */
  end(): Work<Notification> {
    const work = this.#work!
    this.#work = null
    return work
  }

  /** Makes an attempt when the endpoint may have another request. `whenOver` is called once, not before this returns. */
  attempt(keys: readonly SigningKey[], whenOver: (sender: this, outcome: Outcome) => void): void {
    this.#keys = keys
    this.#whenOver = whenOver
    this.#share.take(this.#post)
  }

  async close(): Promise<void> {
    return this.#connection.close()
  }

  readonly #post = (pace: Pace): void => {
    const { id, body } = this.work.item
    this.#pace = pace
    this.#askedAt = performance.now()
    this.#connection.post(this.#path, notificationHeaders(id, body, this.#keys), body, this.#answered)
  }

  readonly #answered = (answer: HttpAnswer | null, error: unknown): void => {
    this.#share.end(this.#pace, performance.now() - this.#askedAt, answer !== null)
    this.#whenOver(this, answer ? outcomeOf(answer) : outcomeOfError(error))
  }
}
