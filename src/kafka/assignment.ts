/** One time for which a partition was given to this member of its group. Its positions carry it, to whoever has to know. */
export class Assignment {
  readonly topicPartition: number
  readonly number: number
  /** Resolves when the partition is somebody else's, or may have been. */
  readonly over: Promise<void>
  #isOver = false
  #end: () => void = () => undefined

  constructor(topicPartition: number, number: number) {
    this.topicPartition = topicPartition
    this.number = number
    this.over = new Promise((resolve) => (this.#end = resolve))
  }

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
    this.#end()
  }
}
